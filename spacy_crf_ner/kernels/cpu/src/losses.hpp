// Whether a chain lost paths that count, because their probabilities were too small for the type.
//
// That forward and backward chain agree with each other does not show it: both can lose the same paths, on either side of
// the place where these win. But a state that is lost does no harm where much more arrives from other states at every
// tag that it leads to. So it is looked at what arrives: at every tag at least `floor`, which is the rule and found out
// with one comparison a vector on the way; or else nothing at all, while no state that is possible was too faint to
// arrive. The latter is for masks, where nothing arrives at what cannot be reached.
// Included inside the namespace of an instruction set.

// Whether a token's own mask and score leave it a tag.
template <class T>
INLINE bool is_possible(const Model<T>& model, const Chain<T>& chain, int64_t t, int column) {
    const int64_t place = t * model.n_tags + model.order[column];
    return (!chain.allowed || chain.allowed[place]) && chain.emissions[place] != -__builtin_inff();
}

// `entered` is what arrived at token t, `states` are that times its emission, `arrived` is what goes on from there: true
// if something may be missing in it.
template <class T>
static bool loses(
    const Model<T>& model, const Chain<T>& chain, int64_t t, const T* entered, const T* states, const T* arrived
) {
    bool shut = false;
    for (int column = 0; column < model.n_tags; ++column) {
        if (arrived[column] == T(0))
            shut = true;
        else if (!(arrived[column] >= model.floor))
            return true;
    }
    for (int column = 0; shut && column < model.n_tags; ++column)
        if (entered[column] > T(0) && !(states[column] >= model.faint) && is_possible(model, chain, t, column))
            return true;
    return false;
}

template <class T>
INLINE void arrive(const T* states, const Tiles& tiles, T* row) {
    multiply_all<SumProduct, T, 1>(&states, tiles, [&](int, int at, Vec<T> moved) __attribute__((always_inline)) {
        store(row + at, moved);
    });
}

// Before the way back, which changes the alphas. `rows` has room for two.
template <class T>
static bool loses_forward(const Model<T>& model, const Chain<T>& chain, T* rows) {
    const T* entered = model.start;
    for (int64_t t = 0; t + 1 < chain.length; ++t) {
        T* const arrived = rows + (t % 2) * model.width;
        const T* states = chain.alphas + t * model.width;
        arrive(states, *model.forward, arrived);
        if (loses(model, chain, t, entered, states, arrived)) return true;
        entered = arrived;
    }
    return false;
}

// After the way back, when `exps` are times beta. `rows` has room for two.
template <class T>
static bool loses_backward(const Model<T>& model, const Chain<T>& chain, T* rows) {
    const T* entered = model.end;
    for (int64_t t = chain.length - 1; t > 0; --t) {
        T* const arrived = rows + (t % 2) * model.width;
        const T* states = chain.exps + t * model.width;
        arrive(states, *model.backward, arrived);
        if (loses(model, chain, t, entered, states, arrived)) return true;
        entered = arrived;
    }
    return false;
}
