// llama.cpp (npm's node-llama-cpp) at its own speed.   node llama_speed.mjs FOLDER MODEL.GGUF
// FOLDER is where node-llama-cpp is installed. A line "threads prompt generate" is answered with two numbers: tokens per second of reading a prompt of that many
// tokens, and of generating so many after it; and the milliseconds since it began to load the model.
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const [folder, path] = process.argv.slice(2);
const { getLlama, LlamaLogLevel } = await import(pathToFileURL(createRequire(`${folder}/`).resolve('node-llama-cpp')));
const llama = await getLlama({ gpu: false, maxThreads: 0, build: 'never', logLevel: LlamaLogLevel.error, progressLogs: false });
const begin = performance.now();
const model = await llama.loadModel({ modelPath: path, gpuLayers: 0 });
const contexts = new Map();
process.stdout.write(`ready ${JSON.stringify(llama.cpuMathCores)} cores\n`);
for await (const line of createInterface({ input: process.stdin })) {
    const [threads, prompt, generate] = line.split(' ').map(Number);
    if (!contexts.has(threads)) {
        const context = await model.createContext({ contextSize: 1024, batchSize: 512, sequences: 1, threads: { ideal: threads, min: threads } });
        contexts.set(threads, context.getSequence());
    }
    const sequence = contexts.get(threads);
    await sequence.clearHistory();
    const ids = Array.from({ length: prompt }, (_, i) => 100 + i * 7 % 300);
    const start = performance.now();
    await sequence.evaluateWithoutGeneratingNewTokens(ids);
    const read = performance.now();
    let count = 0;
    for await (const _ of sequence.evaluate([100], { temperature: 0, yieldEogToken: true })) if (++count >= generate) break;
    const done = performance.now();
    await new Promise(written => process.stdout.write(`${prompt / (read - start) * 1000} ${count / (done - read) * 1000} ${done - begin}\n`, written));
}
process.exit(0);
