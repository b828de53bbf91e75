// Where queries, keys, values and results of attention lie, and who sees whom: the numbers of AttentionLayout.

typedef struct { i64 batch, heads, key_heads, queries, keys, size, value_size, causal, window, offset, q_batch, q_head, q_row, k_batch, k_head, k_row, v_batch, v_head, v_row, o_batch, o_head, o_row; } Layout;

#define AT_ROW(x, which, b, h, r) ((x) + (b) * layout.which##_batch + (h) * layout.which##_head + (r) * layout.which##_row)

// The keys that a query sees, from the first to before the last.
#define VISIBLE(query, from, to) \
    i64 position_ = layout.offset + (query), from = layout.window > 0 && position_ - layout.window + 1 > 0 ? position_ - layout.window + 1 : 0; \
    i64 to = layout.causal && position_ + 1 < layout.keys ? position_ + 1 : layout.keys

// Whether a query that is there sees a key that is there.
#define SEES(query, key) ((key) < layout.keys && (query) < layout.queries && (!layout.causal || (key) <= layout.offset + (query)) && (layout.window <= 0 || (key) > layout.offset + (query) - layout.window))
