// The editor of a cell, made from CodeMirror 6. learn.js knows nothing of CodeMirror but what stands here.
import { autocompletion, acceptCompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap, indentLess, indentMore, toggleComment } from '@codemirror/commands';
import { bracketMatching, defineLanguageFacet, HighlightStyle, indentOnInput, indentUnit, Language, StreamLanguage, syntaxHighlighting } from '@codemirror/language';
import { csharp } from '@codemirror/legacy-modes/mode/clike';
import { setDiagnostics } from '@codemirror/lint';
import { highlightSelectionMatches, search, searchKeymap } from '@codemirror/search';
import { EditorState, Prec, Transaction } from '@codemirror/state';
import { drawSelection, EditorView, hoverTooltip, keymap } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { parser as markdown } from '@lezer/markdown';

// The colours are the page's own, so that they follow its light or dark theme.
const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.modifier, tags.operatorKeyword], color: 'var(--k)' },
  { tag: [tags.typeName, tags.className, tags.standard(tags.variableName)], color: 'var(--t)' },
  { tag: [tags.string, tags.special(tags.string), tags.character], color: 'var(--s)' },
  { tag: [tags.number, tags.bool, tags.null, tags.atom], color: 'var(--n)' },
  { tag: tags.comment, color: 'var(--c)', fontStyle: 'italic' },
  { tag: tags.meta, color: 'var(--p)' },
  { tag: tags.heading, fontWeight: 'bold' },
  { tag: tags.emphasis, fontStyle: 'italic' },
  { tag: tags.strong, fontWeight: 'bold' },
  { tag: [tags.link, tags.url], color: 'var(--link)' },
]);

const theme = EditorView.theme({
  '&': { backgroundColor: 'transparent', color: 'var(--ink)', fontSize: '12.5px' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace', lineHeight: '1.55' },
  '.cm-content': { padding: '12px 0', caretColor: 'var(--ink)' },
  '.cm-line': { padding: '0 14px' },
  '.cm-cursor': { borderLeftColor: 'var(--ink)' },
  '.cm-selectionBackground, &.cm-focused .cm-selectionBackground': { backgroundColor: 'var(--selected) !important' },
  '.cm-matchingBracket': { backgroundColor: 'var(--selected)', outline: '1px solid var(--line)' },
  '.cm-selectionMatch': { backgroundColor: 'var(--selected)' },
  '.cm-tooltip': { backgroundColor: 'var(--paper)', color: 'var(--ink)', border: '1px solid var(--line)', borderRadius: '6px', maxWidth: '560px' },
  '.cm-tooltip-autocomplete > ul > li[aria-selected]': { backgroundColor: 'var(--link)', color: 'var(--paper)' },
  '.cm-completionDetail': { fontStyle: 'normal', color: 'var(--muted)' },
  'li[aria-selected] .cm-completionDetail': { color: 'inherit' },
  '.cm-inspection': { padding: '6px 10px', whiteSpace: 'pre-wrap', fontSize: '12.5px', maxHeight: '320px', overflow: 'auto' },
  '.cm-panels': { backgroundColor: 'var(--panel)', color: 'var(--ink)' },
  '.cm-diagnostic': { fontFamily: 'system-ui,sans-serif', fontSize: '13px' },
});

// Jupyter's names of kinds, in CodeMirror's words.
const kinds = { struct: 'class', event: 'property', field: 'property', delegate: 'type', directive: 'keyword', path: 'text' };

function completions(ask) {
  return async context => {
    const before = context.matchBefore(/[\p{L}\p{N}_]+$/u);
    const trigger = context.matchBefore(/(\.|^\s*#[!\w]*)$/m);
    if (!context.explicit && !before && !trigger) return null;
    if (!context.explicit && before && !trigger && before.to - before.from < 2) return null;
    const found = await ask(context.state.doc.toString(), context.pos);
    if (!found || context.aborted || found.items.length === 0) return null;
    return {
      from: found.start,
      to: found.end,
      validFor: /^[\p{L}\p{N}_]*$/u,
      options: found.items.map((item, index) => ({
        label: item.text,
        type: kinds[item.kind] ?? item.kind,
        detail: item.signature && item.signature !== item.text ? item.signature : undefined,
        boost: -Math.min(index, 99),
      })),
    };
  };
}

function inspections(ask) {
  return hoverTooltip(async (view, pos) => {
    const word = view.state.wordAt(pos);
    if (!word) return null;
    const text = await ask(view.state.doc.toString(), pos);
    if (!text) return null;
    return {
      pos: word.from,
      end: word.to,
      above: true,
      create() {
        const dom = document.createElement('div');
        dom.className = 'cm-inspection';
        dom.textContent = text;
        return { dom };
      },
    };
  }, { hoverTime: 500 });
}

/** Makes an editor in an element. `on` has: change(text), run(), runAndStay(), runAndInsert(), leave(), blur(), focus(), complete(code, cursor), inspect(code, cursor). */
function create(parent, text, language, label, on) {
  const isCode = language === 'csharp';
  const say = (name, value = true) => () => { on[name](); return value; };
  const extensions = [
    history(), drawSelection(), indentOnInput(), bracketMatching(), closeBrackets(), highlightSelectionMatches(), search({ top: true }),
    syntaxHighlighting(colours), theme, indentUnit.of('    '), EditorState.tabSize.of(4), EditorView.lineWrapping,
    isCode ? StreamLanguage.define(csharp) : new Language(defineLanguageFacet({}), markdown),
    EditorView.contentAttributes.of({ 'aria-label': label, 'aria-multiline': 'true', spellcheck: String(!isCode), autocapitalize: 'off', autocorrect: 'off' }),
    Prec.highest(keymap.of([
      { key: 'Shift-Enter', run: say('run') },
      { key: 'Ctrl-Enter', mac: 'Cmd-Enter', run: say('runAndStay') },
      { key: 'Ctrl-Enter', run: say('runAndStay') },
      { key: 'Alt-Enter', run: say('runAndInsert') },
    ])),
    // Tab completes and indents; Escape first leaves the editor, and then Tab moves on: the way out that keyboard users need.
    keymap.of([
      { key: 'Tab', run: acceptCompletion },
      { key: 'Tab', run: indentMore, shift: indentLess },
      { key: 'Ctrl-/', mac: 'Cmd-/', run: toggleComment },
      ...closeBracketsKeymap, ...completionKeymap, ...searchKeymap, ...historyKeymap,
      { key: 'Escape', run: say('leave') },
      ...defaultKeymap.filter(binding => binding.key !== 'Mod-Enter'),
    ]),
    EditorView.updateListener.of(update => {
      if (update.docChanged && !update.transactions.some(t => t.annotation(Transaction.userEvent) === 'remote'))
        on.change(update.state.doc.toString());
      if (update.focusChanged) on[update.view.hasFocus ? 'focus' : 'blur']();
    }),
  ];
  if (isCode) {
    extensions.push(autocompletion({ override: [completions(on.complete)], activateOnTypingDelay: 150 }));
    extensions.push(inspections(on.inspect));
  }
  const view = new EditorView({ parent, state: EditorState.create({ doc: text, extensions }) });
  return {
    focus: () => view.focus(),
    hasFocus: () => view.hasFocus,
    text: () => view.state.doc.toString(),
    /** Puts a text from elsewhere in: it is no edit of the user's, and what stays the same keeps the cursor. */
    replace(next) {
      const now = view.state.doc.toString();
      let from = 0;
      let [end, nextEnd] = [now.length, next.length];
      while (from < end && from < nextEnd && now[from] === next[from]) from++;
      while (end > from && nextEnd > from && now[end - 1] === next[nextEnd - 1]) { end--; nextEnd--; }
      view.dispatch({ changes: { from, to: end, insert: next.slice(from, nextEnd) }, userEvent: 'remote' });
    },
    /** Marks the place of an error: line and column from 1. */
    mark(line, column, message) {
      if (line < 1 || line > view.state.doc.lines) return;
      const at = view.state.doc.line(line);
      const from = Math.min(at.from + Math.max(column - 1, 0), at.to);
      const word = view.state.wordAt(from);
      view.dispatch(setDiagnostics(view.state, [{ from, to: word?.to ?? Math.min(from + 1, at.to), severity: 'error', message }]));
    },
    unmark: () => view.dispatch(setDiagnostics(view.state, [])),
    destroy: () => view.destroy(),
  };
}

window.MezclaEditor = { create };
