#include "enumeration.hpp"

#include <limits>
#include <new>

namespace crf {

namespace {

constexpr double FORBIDDEN = -std::numeric_limits<double>::infinity();
constexpr int32_t NONE = -1, UNKNOWN = -2;

// Four at a time: each of these maxima alone would wait for its own last result. `n` is a multiple of 4.
double highest(const double* values, int n) {
    double best[4] = {FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN};
    for (int i = 0; i < n; i += 4)
        for (int lane = 0; lane < 4; ++lane) best[lane] = values[i + lane] > best[lane] ? values[i + lane] : best[lane];
    const double left = best[0] > best[1] ? best[0] : best[1], right = best[2] > best[3] ? best[2] : best[3];
    return left > right ? left : right;
}

template <class T>
int32_t append(std::vector<T>& pool, const T& value) {
    // Indices of 32 bits are enough for 50 GB.
    if (pool.size() == static_cast<std::size_t>(std::numeric_limits<int32_t>::max())) throw std::bad_alloc();
    pool.push_back(value);
    return static_cast<int32_t>(pool.size() - 1);
}

}  // namespace

void Enumeration::begin(const Model<double>& model, const Chain<double>& chain) {
    model_ = &model;
    chain_ = &chain;
    found_ = UNKNOWN;
    state_ids_.assign((chain.length + 1) * model.n_tags, NONE);
    way_.resize(chain.length + 1);
    sums_.resize(model.width);
    states_.clear();
    prefixes_.clear();
    origins_.clear();
}

double Enumeration::next() {
    const int64_t end = chain_->length;
    if (found_ == UNKNOWN) {
        found_ = choose(end, 0) == NONE ? NONE : first(end, 0);
    } else if (found_ != NONE) {
        find_next(end, 0);
        found_ = prefixes_[found_].next;
    }
    return found_ == NONE ? FORBIDDEN : prefixes_[found_].score;
}

void Enumeration::trace(int64_t* tags) const {
    int32_t prefix = prefixes_[found_].before;
    for (int64_t t = chain_->length - 1; t >= 0; --t) {
        tags[t] = model_->order[prefixes_[prefix].column];
        prefix = prefixes_[prefix].before;
    }
}

// Scores of the moves into a state, by the column that they come from.
const double* Enumeration::moves_into(int64_t t, int32_t column) const {
    return t == chain_->length ? model_->end : model_->matrix + static_cast<std::size_t>(column) * model_->width;
}

double Enumeration::emission(int64_t t, int32_t column) const {
    return t == chain_->length ? 0.0 : chain_->exps[t * model_->width + column];
}

int32_t Enumeration::origin_of(int32_t state, int32_t column) const {
    int32_t origin = state == NONE ? NONE : states_[state].origins;
    while (origin != NONE && origins_[origin].column != column) origin = origins_[origin].other;
    return origin;
}

// Where the best prefix comes from that has not gone on into this state yet: a column, or NONE if there is no other.
int32_t Enumeration::choose(int64_t t, int32_t column) {
    const int width = model_->width;
    const double* before = chain_->alphas + (t - 1) * width;
    const double* moves = moves_into(t, column);
    double* const sums = sums_.data();
    for (int i = 0; i < width; ++i) sums[i] = before[i] + moves[i];
    const int32_t state = state_id(t, column);
    int32_t origin = state == NONE ? NONE : states_[state].origins;
    for (; origin != NONE; origin = origins_[origin].other) sums[origins_[origin].column] = origins_[origin].sum;
    const double best = highest(sums, width);
    int32_t chosen = NONE;
    for (int i = 0; i < model_->n_tags && best != FORBIDDEN; ++i) {
        if (sums[i] != best) continue;
        // Of equal ones the lowest tag.
        if (chosen == NONE || model_->order[i] < model_->order[chosen]) chosen = i;
        if (!model_->reordered) break;
    }
    return chosen;
}

// The best prefix into a state that can be reached.
int32_t Enumeration::first(int64_t t, int32_t column) {
    int64_t u = t;
    for (; u > 0 && state_id(u, column) == NONE; --u) {
        way_[u] = column;
        column = choose(u, column);
    }
    int32_t& state = state_id(u, column);
    if (state == NONE) {
        const int32_t prefix = append(prefixes_, Prefix{chain_->alphas[column], column, NONE, NONE});
        state = append(states_, State{prefix, prefix, NONE, NONE});
    }
    int32_t prefix = states_[state].first;
    while (u < t) ++u, prefix = extend(u, way_[u], prefix);
    return prefix;
}

// One more prefix into a state that has some. Each needs one more into the state where the last one comes from: so back
// to where it is known, and forward again.
void Enumeration::find_next(int64_t t, int32_t column) {
    int64_t u = t;
    for (;; --u) {
        way_[u] = column;
        const Prefix& last = prefixes_[states_[state_id(u, column)].last];
        const Prefix& before = prefixes_[last.before];
        if (before.next != UNKNOWN) break;
        column = before.column;
    }
    for (; u <= t; ++u) extend_again(u, way_[u]);
}

void Enumeration::extend_again(int64_t t, int32_t column) {
    const int32_t state = state_id(t, column);
    Origin& newest = origins_[states_[state].newest];
    const int32_t following = prefixes_[newest.used].next;
    newest.sum = following == NONE ? FORBIDDEN : prefixes_[following].score + moves_into(t, column)[newest.column];
    const int32_t chosen = choose(t, column);
    if (chosen == NONE) {
        prefixes_[states_[state].last].next = NONE;
        return;
    }
    const int32_t origin = origin_of(state, chosen);
    extend(t, column, origin == NONE ? first(t - 1, chosen) : prefixes_[origins_[origin].used].next);
}

// Adds the prefix that goes on from `before` to those of a state.
int32_t Enumeration::extend(int64_t t, int32_t column, int32_t before) {
    const int32_t from = prefixes_[before].column;
    const double score = prefixes_[before].score + moves_into(t, column)[from] + emission(t, column);
    const int32_t prefix = append(prefixes_, Prefix{score, column, before, UNKNOWN});
    int32_t& id = state_id(t, column);
    if (id == NONE)
        id = append(states_, State{prefix, prefix, NONE, NONE});
    else
        prefixes_[states_[id].last].next = prefix;
    State& state = states_[id];
    state.last = prefix;
    state.newest = origin_of(id, from);
    if (state.newest == NONE) state.origins = state.newest = append(origins_, Origin{0.0, from, NONE, state.origins});
    origins_[state.newest].used = before;
    return prefix;
}

}  // namespace crf
