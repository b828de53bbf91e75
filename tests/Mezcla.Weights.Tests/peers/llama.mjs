// Runs a GGUF file in llama.cpp (npm's node-llama-cpp, whose packages hold its binaries).
//   node llama.mjs FOLDER MODEL.GGUF < questions > answers
// FOLDER is where the packages were installed. A question is a line of JSON: {"text": "..."} or {"ids": [...]}, and "count" for how many tokens to add, below 0 for its ids only. The
// answer has the ids, the probabilities of every token after each of them, and the greedy continuation as ids and as text.
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const [folder, path] = process.argv.slice(2);
const { getLlama, LlamaLogLevel } = await import(pathToFileURL(createRequire(`${folder}/`).resolve('node-llama-cpp')));
const llama = await getLlama({ gpu: false, maxThreads: 1, build: 'never', logLevel: LlamaLogLevel.error, progressLogs: false });
const model = await llama.loadModel({ modelPath: path, gpuLayers: 0, useMmap: false });
const context = await model.createContext({ contextSize: 64, sequences: 1, threads: 1, flashAttention: false, experimentalKvCacheKeyType: 'F32', experimentalKvCacheValueType: 'F32' });
const sequence = context.getSequence();
for await (const line of createInterface({ input: process.stdin })) {
    const question = JSON.parse(line);
    const ids = question.ids ?? Array.from(model.tokenize(question.text, true));
    if (question.count < 0) { // only its ids are asked for
        const only = JSON.stringify({ ids, probabilities: [], greedy: [], text: '' }) + '\n';
        await new Promise(written => process.stdout.write(only, written));
        continue;
    }
    await sequence.clearHistory();
    const outputs = await sequence.controlledEvaluate(ids.map(id => [id, { generateNext: { probabilities: true } }]));
    const probabilities = outputs.map(output => {
        const row = new Array(output.next.probabilities.size).fill(0);
        for (const [id, p] of output.next.probabilities) row[id] = p;
        return row;
    });
    await sequence.clearHistory();
    const greedy = [];
    if (question.count > 0)
        for await (const id of sequence.evaluate(ids, { temperature: 0, yieldEogToken: true }))
            if (greedy.push(id) >= question.count) break;
    const answer = JSON.stringify({ ids, probabilities, greedy, text: model.detokenize(greedy, true, ids) }) + '\n';
    await new Promise(written => process.stdout.write(answer, written));
}
process.exit(0); // the library keeps threads alive
