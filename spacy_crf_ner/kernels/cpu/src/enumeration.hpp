// The paths of one sequence, best first, by recursive enumeration (Jiménez and Marzal 1999,
// https://doi.org/10.1007/3-540-48318-7_4): the best prefix into every state comes from Viterbi's recursion, and the next
// best one into a state is computed only when a path asks for it. One more path asks for one more prefix at each of its
// tokens at most, where a list of the k best prefixes of every state would ask for k times the number of tags.
#pragma once

#include <vector>

#include "batch.hpp"

namespace crf {

class Enumeration {
public:
    // `chain` after Kernels::prefixes, without NaN or +inf. Both must stay while paths are asked for.
    void begin(const Model<double>& model, const Chain<double>& chain);

    // The score of the next path; -inf if there is no other, and then always.
    double next();

    // Tags of the path whose score came last.
    void trace(int64_t* tags) const;

private:
    // A path up to a state, which is a tag of a token; the end is a state of its own behind the last token.
    struct Prefix {
        double score;
        int32_t column;  // of the tag
        int32_t before;  // the prefix without this token, or NONE
        int32_t next;    // the next best one into the same state, NONE if there is none, UNKNOWN if nobody has asked
    };

    // A state from which prefixes go on into another one.
    struct Origin {
        double sum;     // score of the one after `used`, with the move
        int32_t column;
        int32_t used;   // the last prefix that went on
        int32_t other;  // origin of the same state, or NONE
    };

    // A state that some path leads to.
    struct State {
        int32_t first, last;      // prefixes
        int32_t origins, newest;  // the first in their list, or NONE; that of the last prefix
    };

    int32_t& state_id(int64_t t, int32_t column) { return state_ids_[t * model_->n_tags + column]; }
    const double* moves_into(int64_t t, int32_t column) const;
    double emission(int64_t t, int32_t column) const;
    int32_t origin_of(int32_t state, int32_t column) const;
    int32_t choose(int64_t t, int32_t column);
    int32_t first(int64_t t, int32_t column);
    void find_next(int64_t t, int32_t column);
    void extend_again(int64_t t, int32_t column);
    int32_t extend(int64_t t, int32_t column, int32_t before);

    const Model<double>* model_ = nullptr;
    const Chain<double>* chain_ = nullptr;
    int32_t found_ = 0;  // the path that came last
    std::vector<int32_t> state_ids_;  // (length + 1, n_tags): in `states_`; the last row is that of the end
    std::vector<int32_t> way_;        // (length + 1,): columns from one state to another
    std::vector<double> sums_;        // (width,)
    std::vector<State> states_;
    std::vector<Prefix> prefixes_;
    std::vector<Origin> origins_;
};

}  // namespace crf
