#include "schedule.hpp"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <new>
#include <numeric>
#include <thread>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace crf {

namespace {

// Work below which a further thread costs more than it saves: it takes some 20 microseconds to start.
constexpr double WORK_OF_A_THREAD = 2e6;
constexpr int MAX_BLOCKS = 32;

// Numbers too small to be normal slow some processors down a hundredfold and carry no probability worth having: read
// and write them as 0 while the kernels run.
class FlushDenormals {
public:
#if defined(__x86_64__)
    FlushDenormals() : before_(_mm_getcsr()) { _mm_setcsr(before_ | 0x8040); }
    ~FlushDenormals() { _mm_setcsr(before_); }

private:
    unsigned before_;
#endif
};

}  // namespace

void* allocate(Arena& arena, std::size_t bytes) {
    constexpr std::size_t alignment = 64;
    arena.pieces.reserve(arena.pieces.size() + 1);
    void* piece = std::malloc(bytes + alignment);
    if (!piece) throw std::bad_alloc();
    arena.pieces.push_back(piece);
    const auto address = reinterpret_cast<std::uintptr_t>(piece);
    return reinterpret_cast<void*>((address + alignment - 1) / alignment * alignment);
}

Arena::~Arena() {
    for (void* piece : pieces) std::free(piece);
}

Schedule make_schedule(const Batch& batch, double cost, int threads) {
    Schedule schedule;
    std::vector<int64_t> order(batch.n_sequences);
    std::iota(order.begin(), order.end(), int64_t(0));
    std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
        return batch.lengths[a] > batch.lengths[b];
    });
    while (!order.empty() && batch.lengths[order.back()] == 0) order.pop_back();
    int64_t n_tokens = 0;
    for (int64_t sequence : order) n_tokens += batch.lengths[sequence];
    const int size = order.size() >= 8 ? 4 : (order.size() >= 4 ? 2 : 1);
    const double work = n_tokens * cost;
    const int n_blocks = std::max(1, std::min(MAX_BLOCKS, static_cast<int>(work / WORK_OF_A_THREAD)));
    const int64_t share = (n_tokens + n_blocks - 1) / n_blocks;
    int64_t filled = share;
    for (std::size_t begin = 0; begin < order.size(); begin += size) {
        Group group{};
        for (std::size_t i = begin; i < std::min(order.size(), begin + size); ++i) {
            group.sequences[group.n_chains++] = order[i];
            group.n_tokens += batch.lengths[order[i]];
        }
        if (filled >= share) schedule.blocks.emplace_back(), filled = 0;
        filled += group.n_tokens;
        schedule.blocks.back().push_back(group);
        schedule.largest_group = std::max(schedule.largest_group, group.n_tokens);
    }
    const int useful = std::max(1, static_cast<int>(schedule.blocks.size()));
    schedule.threads = std::max(1, std::min(threads, useful));
    return schedule;
}

void run_blocks(const Schedule& schedule, const std::function<void(int, int)>& work) {
    std::atomic<int> next{0};
    std::exception_ptr failure;
    std::mutex failing;
    const auto run = [&](int thread) {
        FlushDenormals flush;
        (void)flush;
        try {
            for (int block; (block = next++) < static_cast<int>(schedule.blocks.size());) work(block, thread);
        } catch (...) {
            const std::lock_guard<std::mutex> lock(failing);
            if (!failure) failure = std::current_exception();
            next = static_cast<int>(schedule.blocks.size());
        }
    };
    std::vector<std::thread> others;
    others.reserve(schedule.threads);
    try {
        for (int thread = 1; thread < schedule.threads; ++thread) others.emplace_back(run, thread);
    } catch (const std::system_error&) {
        // The system gives no more threads: those that there are do all the work.
    }
    run(0);
    for (std::thread& other : others) other.join();
    if (failure) std::rethrow_exception(failure);
}

}  // namespace crf
