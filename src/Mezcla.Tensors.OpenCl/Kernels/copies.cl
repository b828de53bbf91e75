// Copies, conversions, gathering and scattering.

KERNEL fill(BUFFER(float, y), i64 n, float value) { EACH(i, n); AT(float, y); y[i] = value; }
KERNEL fill_int(BUFFER(int, y), i64 n, i64 value) { EACH(i, n); AT(int, y); y[i] = (int)value; }

#define LOCATE(index, xi, yi) \
    i64 xi = 0, yi = 0; \
    for (int axis = (int)strides.rank - 1; axis >= 0; axis--) { \
        i64 place = index % strides.size[axis]; \
        index /= strides.size[axis]; \
        xi += place * strides.a[axis]; \
        yi += place * strides.b[axis]; \
    }

KERNEL copy_strided4(BUFFER(uint, x), BUFFER(uint, y), Strides strides, i64 n) { EACH(i, n); AT(uint, x); AT(uint, y); LOCATE(i, from, to); y[to] = x[from]; }
KERNEL copy_strided2(BUFFER(ushort, x), BUFFER(ushort, y), Strides strides, i64 n) { EACH(i, n); AT(ushort, x); AT(ushort, y); LOCATE(i, from, to); y[to] = x[from]; }
KERNEL add_strided(BUFFER(float, x), BUFFER(float, y), Strides strides, i64 n) { EACH(i, n); AT(float, x); AT(float, y); LOCATE(i, from, to); y[to] += x[from]; }

// To bfloat16: to nearest, ties to even; NaN stays NaN.
DEVICE ushort narrow(float x)
{
    uint bits = as_uint(x);
    return (ushort)(IS_NAN(x) ? (bits >> 16) | 0x40 : (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
}

// Types by their number in DType: Float32, BFloat16, Int32.
KERNEL convert(BUFFER(uint, x), i64 from, BUFFER(uint, y), i64 to, i64 n)
{
    EACH(i, n);
    AT(uint, x); AT(uint, y);
    float value = from == 1 ? as_float((uint)((GLOBAL ushort *)x)[i] << 16) : from == 2 ? (float)((GLOBAL int *)x)[i] : ((GLOBAL float *)x)[i];
    if (to == 1) ((GLOBAL ushort *)y)[i] = narrow(value);
    else if (to == 2) ((GLOBAL int *)y)[i] = (int)value;
    else ((GLOBAL float *)y)[i] = value;
}

KERNEL gather_rows4(BUFFER(uint, x), BUFFER(int, ids), BUFFER(uint, y), i64 axis, i64 count, i64 row, i64 n, CHECKED)
{
    EACH(i, n);
    AT(uint, x); AT(int, ids); AT(uint, y); AT(int, record);
    i64 r = i / row;
    int id = ids[r % count];
    y[i] = INSIDE(id, axis) ? x[(r / count * axis + id) * row + i % row] : 0;
    if (!INSIDE(id, axis) && r < count && i % row == 0) note_outside(record, operation, r, id);
}

KERNEL gather_rows2(BUFFER(ushort, x), BUFFER(int, ids), BUFFER(ushort, y), i64 axis, i64 count, i64 row, i64 n, CHECKED)
{
    EACH(i, n);
    AT(ushort, x); AT(int, ids); AT(ushort, y); AT(int, record);
    i64 r = i / row;
    int id = ids[r % count];
    y[i] = INSIDE(id, axis) ? x[(r / count * axis + id) * row + i % row] : (ushort)0;
    if (!INSIDE(id, axis) && r < count && i % row == 0) note_outside(record, operation, r, id);
}

KERNEL gather4(BUFFER(uint, x), BUFFER(int, index), BUFFER(uint, y), i64 axis, i64 inner, i64 count, i64 n, CHECKED)
{
    EACH(i, n);
    AT(uint, x); AT(int, index); AT(uint, y); AT(int, record);
    int id = index[i];
    y[i] = INSIDE(id, axis) ? x[(i / (count * inner) * axis + id) * inner + i % inner] : 0;
    if (!INSIDE(id, axis)) note_outside(record, operation, i, id);
}

KERNEL gather2(BUFFER(ushort, x), BUFFER(int, index), BUFFER(ushort, y), i64 axis, i64 inner, i64 count, i64 n, CHECKED)
{
    EACH(i, n);
    AT(ushort, x); AT(int, index); AT(ushort, y); AT(int, record);
    int id = index[i];
    y[i] = INSIDE(id, axis) ? x[(i / (count * inner) * axis + id) * inner + i % inner] : (ushort)0;
    if (!INSIDE(id, axis)) note_outside(record, operation, i, id);
}

// Rows that go to one id are added in order by one owner, the first of them. Ids are counted, each takes a stretch of a list for its places, wherever there is room, and
// brings them into order there: the list depends on chance, the order of the places of an id does not.
KERNEL scatter_count(BUFFER(int, ids), BUFFER(int, counts), i64 axis, i64 count) { EACH(i, count); AT(int, ids); AT(int, counts); if (INSIDE(ids[i], axis)) atomic_add(counts + ids[i], 1); }

KERNEL scatter_starts(BUFFER(int, counts), BUFFER(int, starts), BUFFER(int, used), i64 axis)
{
    EACH(id, axis);
    AT(int, counts); AT(int, starts); AT(int, used);
    if (counts[id] > 0) starts[id] = atomic_add(used, counts[id]);
}

KERNEL scatter_list(BUFFER(int, ids), BUFFER(int, filled), BUFFER(int, starts), BUFFER(int, list), i64 axis, i64 count)
{
    EACH(i, count);
    AT(int, ids); AT(int, filled); AT(int, starts); AT(int, list);
    int id = ids[i];
    if (INSIDE(id, axis)) list[starts[id] + atomic_add(filled + id, 1)] = (int)i;
}

KERNEL scatter_order(BUFFER(int, ids), BUFFER(int, counts), BUFFER(int, starts), BUFFER(int, list), BUFFER(int, places), BUFFER(int, first), i64 axis, i64 count)
{
    EACH(i, count);
    AT(int, ids); AT(int, counts); AT(int, starts); AT(int, list); AT(int, places); AT(int, first);
    int id = ids[i], rank = 0;
    first[i] = 0;
    if (!INSIDE(id, axis)) return;
    for (int j = 0; j < counts[id]; j++) rank += list[starts[id] + j] < i;
    places[starts[id] + rank] = (int)i;
    first[i] = rank == 0;
}

KERNEL scatter_rows(BUFFER(float, x), BUFFER(int, ids), BUFFER(int, counts), BUFFER(int, starts), BUFFER(int, places), BUFFER(int, first), BUFFER(float, y),
    i64 axis, i64 count, i64 row, i64 n, CHECKED)
{
    EACH(i, n);
    AT(float, x); AT(int, ids); AT(int, counts); AT(int, starts); AT(int, places); AT(int, first); AT(float, y); AT(int, record);
    i64 r = i / row, at = r % count, o = r / count, column = i % row;
    int id = ids[at];
    if (id >= axis && i < count * row && column == 0) note_outside(record, operation, at, id);
    if (!first[at]) return;
    float sum = y[(o * axis + id) * row + column];
    for (int j = 0; j < counts[id]; j++) sum += x[(o * count + places[starts[id] + j]) * row + column];
    y[(o * axis + id) * row + column] = sum;
}

// One owner for each line of the axis.
KERNEL scatter_add(BUFFER(float, x), BUFFER(int, index), BUFFER(float, y), i64 axis, i64 inner, i64 count, i64 lines, CHECKED)
{
    EACH(line, lines);
    AT(float, x); AT(int, index); AT(float, y); AT(int, record);
    i64 o = line / inner, i = line % inner;
    for (i64 j = 0; j < count; j++) {
        i64 from = (o * count + j) * inner + i;
        int id = index[from];
        if (INSIDE(id, axis)) y[(o * axis + id) * inner + i] += x[from];
        else note_outside(record, operation, from, id);
    }
}

KERNEL check_indices(BUFFER(int, ids), i64 limit, i64 n, CHECKED) { EACH(i, n); AT(int, ids); AT(int, record); if (!INSIDE(ids[i], limit)) note_outside(record, operation, i, ids[i]); }

// The smallest i.
KERNEL first_nan(BUFFER(float, x), BUFFER(int, found), i64 n) { EACH(i, n); AT(float, x); AT(int, found); if (IS_NAN(x[i])) atomic_min(found, (int)i); }

KERNEL select_by(BUFFER(int, mask), BUFFER(float, a), float a_value, BUFFER(float, b), float b_value, BUFFER(float, y), i64 n, i64 accumulate)
{
    EACH(i, n);
    AT(int, mask); AT(float, a); AT(float, b); AT(float, y);
    float value = (mask[i] & 0x7FFFFFFF) != 0 ? (a ? a[i] : a_value) : (b ? b[i] : b_value);
    PUT(y[i], value);
}

KERNEL tril(BUFFER(float, x), BUFFER(float, y), i64 rows, i64 columns, i64 diagonal, i64 n, i64 accumulate)
{
    EACH(i, n);
    AT(float, x); AT(float, y);
    float value = i % columns <= i / columns % rows + diagonal ? x[i] : 0;
    PUT(y[i], value);
}
