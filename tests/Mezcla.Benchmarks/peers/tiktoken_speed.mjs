// Times npm's tiktoken. For each line on the standard input (an encoding, a tab, a path) it encodes that file once and answers with nanoseconds
// and the number of tokens.
//   node tiktoken_speed.mjs FOLDER, where `npm install tiktoken@1.0.22` was run in FOLDER
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const { get_encoding } = createRequire(`${process.argv[2]}/`)('tiktoken');
const encodings = {}, texts = {};
process.stdout.write('ready\n');
for await (const line of createInterface({ input: process.stdin })) {
    const [name, path] = line.split('\t');
    const encoding = encodings[name] ??= get_encoding(name);
    const text = texts[path] ??= readFileSync(path, 'utf8');
    const start = process.hrtime.bigint();
    const ids = encoding.encode(text, [], []);
    process.stdout.write(`${process.hrtime.bigint() - start}\t${ids.length}\n`);
}
