// The memory in which the recursions of one thread run.
#pragma once

#include "batch.hpp"
#include "schedule.hpp"

namespace crf {

// Multiply-adds that the exponential of one emission, and all that is done for one tag of a token, come to.
inline constexpr double COST_OF_A_TAG = 40.0;

// Memory for the chains of one group, used again for the next.
template <class T>
class Workspace {
public:
    Workspace(Arena& arena, int64_t n_tokens, int width)
        : width_(width),
          exps_(static_cast<T*>(allocate(arena, sizeof(T) * n_tokens * width))),
          alphas_(static_cast<T*>(allocate(arena, sizeof(T) * n_tokens * width))),
          scales_(static_cast<T*>(allocate(arena, sizeof(T) * 3 * n_tokens))),
          scratch(static_cast<T*>(allocate(arena, sizeof(T) * (MAX_CHAINS + 2) * width))) {}

    void place(const Batch& batch, const Group& group, Chain<T>* chains) const {
        int64_t tokens = 0;
        for (int g = 0; g < group.n_chains; ++g) {
            Chain<T>& chain = chains[g];
            chain = Chain<T>{};
            chain.sequence = group.sequences[g];
            chain.length = batch.lengths[chain.sequence];
            const int64_t row = batch.first_rows[chain.sequence];
            chain.emissions = batch.emissions + row * batch.n_tags;
            chain.emissions_end = batch.emissions + batch.n_rows * batch.n_tags;
            chain.allowed = batch.allowed_tags ? batch.allowed_tags + row * batch.n_tags : nullptr;
            chain.weight = 1.0;
            chain.exps = exps_ + tokens * width_;
            chain.alphas = alphas_ + tokens * width_;
            chain.alpha_scales = scales_ + 3 * tokens;
            chain.beta_scales = chain.alpha_scales + chain.length;
            chain.maxima = chain.beta_scales + chain.length;
            tokens += chain.length;
        }
    }

private:
    int width_;
    T* exps_;
    T* alphas_;
    T* scales_;

public:
    T* scratch;
};

}  // namespace crf
