#include "schedule.hpp"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
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

constexpr std::size_t ALIGNMENT = 64;
// The kept piece begins with its own size.
constexpr std::size_t HEADER = ALIGNMENT;
constexpr std::size_t MOST_KEPT = std::size_t(1) << 26;
std::atomic<char*> between_calls{nullptr};

void* aligned(std::size_t size) {
    void* place = nullptr;
    return posix_memalign(&place, ALIGNMENT, size) == 0 ? place : nullptr;
}

}  // namespace

void* allocate(Arena& arena, std::size_t bytes) {
    const std::size_t size = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    arena.wanted += size;
    if (arena.used + size <= arena.capacity) {
        void* place = arena.kept + arena.used;
        arena.used += size;
        return place;
    }
    arena.pieces.reserve(arena.pieces.size() + 1);
    void* piece = aligned(size);
    if (!piece) throw std::bad_alloc();
    arena.pieces.push_back(piece);
    return piece;
}

Arena::Arena() : kept(between_calls.exchange(nullptr)) {
    if (kept) std::memcpy(&capacity, kept + HEADER - sizeof(capacity), sizeof(capacity));
    used = kept ? HEADER : 0;
}

Arena::~Arena() {
    for (void* piece : pieces) std::free(piece);
    const std::size_t needed = wanted + HEADER;
    if (needed > capacity && needed <= MOST_KEPT) {
        std::free(kept);
        // A little more: the next batch may be a little larger.
        capacity = (needed + needed / 4) / ALIGNMENT * ALIGNMENT;
        kept = static_cast<char*>(aligned(capacity));
        if (kept) std::memcpy(kept + HEADER - sizeof(capacity), &capacity, sizeof(capacity));
    }
    // Another thread may have put one there in the meantime.
    if (kept) std::free(between_calls.exchange(kept));
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
    const int n_blocks = std::max(1, static_cast<int>(std::min(double(MAX_BLOCKS), work / WORK_OF_A_THREAD)));
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
