namespace Mezcla.Notebooks;

/// <summary>Groups units that need each other (Tarjan's strongly connected components), those depended upon first.</summary>
internal sealed class DependencyGroups
{
    private readonly IReadOnlyList<HoistedUnit> _units;
    private readonly int[] _index;
    private readonly int[] _low;
    private readonly bool[] _onStack;
    private readonly Stack<int> _stack = new();
    private readonly List<List<HoistedUnit>> _found = [];
    private int _next = 1;

    private DependencyGroups(IReadOnlyList<HoistedUnit> units)
    {
        _units = units;
        (_index, _low, _onStack) = (new int[units.Count], new int[units.Count], new bool[units.Count]);
    }

    public static IReadOnlyList<List<HoistedUnit>> Of(IReadOnlyList<HoistedUnit> units)
    {
        var groups = new DependencyGroups(units);
        for (var i = 0; i < units.Count; i++)
        {
            if (groups._index[i] == 0)
                groups.Visit(i);
        }

        return groups._found;
    }

    private void Visit(int i)
    {
        _index[i] = _low[i] = _next++;
        _stack.Push(i);
        _onStack[i] = true;
        for (var j = 0; j < _units.Count; j++)
        {
            if (j == i || !_units[i].Mentions.Overlaps(_units[j].Exposes))
                continue;

            if (_index[j] == 0)
            {
                Visit(j);
                _low[i] = Math.Min(_low[i], _low[j]);
            }
            else if (_onStack[j])
            {
                _low[i] = Math.Min(_low[i], _index[j]);
            }
        }

        if (_low[i] != _index[i])
            return;

        var component = new List<HoistedUnit>();
        int member;
        do
        {
            member = _stack.Pop();
            _onStack[member] = false;
            component.Add(_units[member]);
        }
        while (member != i);

        _found.Add(component);
    }
}
