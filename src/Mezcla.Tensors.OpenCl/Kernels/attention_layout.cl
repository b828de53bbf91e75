// Where queries, keys, values and results of attention lie, and who sees whom: the numbers of AttentionLayout.

typedef struct { i64 batch, heads, key_heads, queries, keys, size, value_size, causal, window, offset, q_batch, q_head, q_row, k_batch, k_head, k_row, v_batch, v_head, v_row, o_batch, o_head, o_row; } Layout;

#define AT_ROW(x, which, b, h, r) ((x) + (b) * layout.which##_batch + (h) * layout.which##_head + (r) * layout.which##_row)

// The keys that some of the queries from first to before last see, from the first to before the last.
#define VISIBLE(first, last, from, to) \
    i64 from = layout.window > 0 && layout.offset + (first) - layout.window + 1 > 0 ? layout.offset + (first) - layout.window + 1 : 0; \
    i64 to = layout.causal && layout.offset + (last) < layout.keys ? layout.offset + (last) : layout.keys

// Whether a query that is there sees a key that is there.
#define SEES(query, key) ((key) < layout.keys && (query) < layout.queries && (!layout.causal || (key) <= layout.offset + (query)) && (layout.window <= 0 || (key) > layout.offset + (query) - layout.window))
