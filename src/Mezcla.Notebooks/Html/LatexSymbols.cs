namespace Mezcla.Notebooks.Html;

/// <summary>What the commands of LaTeX's mathematics stand for: the part of them that textbooks use.</summary>
internal static class LatexSymbols
{
    /// <summary>Letters, written in italics as variables are.</summary>
    public static readonly Dictionary<string, string> Letters = Pairs(
        "alpha α beta β gamma γ delta δ epsilon ϵ varepsilon ε zeta ζ eta η theta θ vartheta ϑ iota ι kappa κ lambda λ mu μ nu ν xi ξ " +
            "omicron ο pi π varpi ϖ rho ρ varrho ϱ " +
        "sigma σ varsigma ς tau τ upsilon υ phi ϕ varphi φ chi χ psi ψ omega ω ell ℓ hbar ℏ imath ı jmath ȷ");

    /// <summary>Letters and signs that stand upright.</summary>
    public static readonly Dictionary<string, string> Upright = Pairs(
        "Gamma Γ Delta Δ Theta Θ Lambda Λ Xi Ξ Pi Π Sigma Σ Upsilon Υ Phi Φ Psi Ψ Omega Ω infty ∞ partial ∂ nabla ∇ emptyset ∅ " +
            "varnothing ∅ Re ℜ Im ℑ aleph ℵ " +
        "dots … ldots … cdots ⋯ vdots ⋮ ddots ⋱ top ⊤ bot ⊥ degree ° prime ′ square □ blacksquare ■ checkmark ✓");

    /// <summary>Operators and relations.</summary>
    public static readonly Dictionary<string, string> Operators = Pairs(
        "times × cdot ⋅ div ÷ pm ± mp ∓ ast ∗ star ⋆ circ ∘ bullet ∙ oplus ⊕ ominus ⊖ otimes ⊗ odot ⊙ cup ∪ cap ∩ setminus ∖ wedge ∧ " +
            "land ∧ vee ∨ lor ∨ neg ¬ lnot ¬ " +
        "le ≤ leq ≤ ge ≥ geq ≥ ne ≠ neq ≠ ll ≪ gg ≫ approx ≈ equiv ≡ sim ∼ simeq ≃ cong ≅ propto ∝ in ∈ notin ∉ ni ∋ subset ⊂ subseteq ⊆ " +
        "supset ⊃ supseteq ⊇ forall ∀ exists ∃ " +
        "to → rightarrow → leftarrow ← gets ← leftrightarrow ↔ Rightarrow ⇒ Leftarrow ⇐ Leftrightarrow ⇔ iff ⟺ implies ⟹ mapsto ↦ " +
        "longrightarrow ⟶ uparrow ↑ downarrow ↓ " +
        "mid ∣ parallel ∥ perp ⊥ colon : coloneqq ≔ triangleq ≜ lesssim ≲ gtrsim ≳ dagger † backslash ∖ therefore ∴ because ∵");

    /// <summary>Operators that put their limits above and below where there is room.</summary>
    public static readonly Dictionary<string, string> Large =
        Pairs("sum ∑ prod ∏ coprod ∐ bigcup ⋃ bigcap ⋂ bigoplus ⨁ bigotimes ⨂ bigvee ⋁ bigwedge ⋀");

    /// <summary>Integrals, whose limits stand beside them.</summary>
    public static readonly Dictionary<string, string> Integrals = Pairs("int ∫ iint ∬ iiint ∭ oint ∮");

    /// <summary>Brackets and bars.</summary>
    public static readonly Dictionary<string, string> Delimiters = Pairs(
        "langle ⟨ rangle ⟩ lfloor ⌊ rfloor ⌋ lceil ⌈ rceil ⌉ lvert | rvert | vert | lVert ‖ rVert ‖ Vert ‖ lbrace { rbrace } lbrack [ " +
            "rbrack ]");

    /// <summary>Named functions.</summary>
    public static readonly HashSet<string> Functions =
        [.. "log ln lg exp sin cos tan cot sec csc arcsin arccos arctan sinh cosh tanh det dim ker deg gcd arg hom Pr".Split(' ')];

    /// <summary>Named functions whose limits stand below.</summary>
    public static readonly Dictionary<string, string> Limits =
        Pairs("max max min min sup sup inf inf lim lim argmax arg\u00A0max argmin arg\u00A0min limsup lim\u00A0sup liminf lim\u00A0inf");

    /// <summary>Marks above a letter.</summary>
    public static readonly Dictionary<string, string> Accents = Pairs(
        "hat ^ widehat ^ bar ¯ overline ¯ tilde ~ widetilde ~ vec → dot ˙ ddot ¨ check ˇ breve ˘ acute ´ grave ` mathring ˚ " +
            "overrightarrow → overleftarrow ←");

    /// <summary>Spaces, in em.</summary>
    public static readonly Dictionary<string, string> Spaces = new(Pairs(
        ", 0.167em : 0.222em > 0.222em ; 0.278em ! -0.167em quad 1em qquad 2em thinspace 0.167em enspace 0.5em medspace 0.222em " +
            "thickspace 0.278em"))
    {
        [" "] = "0.25em",
    };

    /// <summary>A letter of an alphabet that has characters of its own: double-struck or script.</summary>
    public static string Alphabet(string command, char letter)
    {
        var (upper, lower, exceptions) = command switch
        {
            "mathbb" => (0x1D538, 0x1D552, "CℂHℍNℕPℙQℚRℝZℤ"),
            "mathfrak" => (0x1D504, 0x1D51E, "CℭHℌIℑRℜZℨ"),
            _ => (0x1D49C, 0x1D4B6, "BℬEℰFℱHℋIℐLℒMℳRℛeℯgℊoℴ"),
        };
        var exception = exceptions.IndexOf(letter);
        if (exception >= 0 && exception % 2 == 0)
            return exceptions[exception + 1].ToString();
        return letter switch
        {
            >= 'A' and <= 'Z' => char.ConvertFromUtf32(upper + (letter - 'A')),
            >= 'a' and <= 'z' => char.ConvertFromUtf32(lower + (letter - 'a')),
            >= '0' and <= '9' when command == "mathbb" => char.ConvertFromUtf32(0x1D7D8 + (letter - '0')),
            _ => letter.ToString(),
        };
    }

    private static Dictionary<string, string> Pairs(string text)
    {
        var words = text.Split(' ');
        return Enumerable.Range(0, words.Length / 2).ToDictionary(i => words[2 * i], i => words[2 * i + 1]);
    }
}
