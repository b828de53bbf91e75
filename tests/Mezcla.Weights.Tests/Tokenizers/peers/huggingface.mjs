// Encodes texts with Hugging Face's own tokenizers library (npm's tokenizers: the Rust core).
//   node huggingface.mjs FOLDER TOKENIZER.JSON < questions > answers
// FOLDER is where `npm install tokenizers@0.23.2` was run. A question is a line, a text as a JSON string; the answer repeats it and adds a tab and
// the ids, special tokens in the text as tokens and none added.
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

const [folder, file] = process.argv.slice(2);
const { Tokenizer } = createRequire(`${folder}/`)('tokenizers');
const tokenizer = Tokenizer.fromFile(file);
for await (const line of createInterface({ input: process.stdin })) {
    const encoded = await tokenizer.encode(JSON.parse(line), null, { addSpecialTokens: false });
    process.stdout.write(`${line}\t${encoded.getIds().join(' ')}\n`);
}
