// Encodes texts with npm's tiktoken, the Rust core as WebAssembly.
//   node tiktoken.mjs FOLDER ENCODING... < questions > answers
// FOLDER is where `npm install tiktoken@1.0.22` was run. A question is a line: how, a tab, and a text as a JSON string. The answer repeats
// it and adds a tab and the ids for each encoding. How: "none" reads special tokens as text, "all" as tokens, "only" only <|endoftext|> as a token;
// "decode" has ids for a text, and its answer is a text for each encoding; "file" has the path of a file, read as "none".
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const [folder, ...names] = process.argv.slice(2);
const { get_encoding } = createRequire(`${folder}/`)('tiktoken');
const encodings = names.map(name => get_encoding(name));
// Every character that is not printable ASCII is escaped in one way, so that equal texts are equal lines.
const json = text => '"' + text.replace(/[^ !#-\[\]-~]/g, c => '\\u' + c.charCodeAt(0).toString(16).padStart(4, '0')) + '"';

for await (const line of createInterface({ input: process.stdin })) {
    const [how, question] = line.split('\t');
    const answers = encodings.map(encoding => {
        if (how === 'decode') return json(new TextDecoder('utf-8', { ignoreBOM: true }).decode(encoding.decode(new Uint32Array(question.split(' ').map(Number)))));
        const text = how === 'file' ? readFileSync(JSON.parse(question), 'utf8') : JSON.parse(question);
        return encoding.encode(text, how === 'all' ? 'all' : how === 'only' ? ['<|endoftext|>'] : [], []).join(' ');
    });
    process.stdout.write([how, question, ...answers].join('\t') + '\n');
}
