# Computes with PyTorch what a Hugging Face directory describes, reading its safetensors with the few lines that the format needs.
#   python3 torch_model.py read FOLDERS... IDS     prints the logits of every position, a line for each folder
#   python3 torch_model.py make FAMILY FOLDER IDS  writes a random model of that family (config.json, weights in two BF16 files, an index), then the same
# Families: gpt2, llama, mistral, mixtral. The formulas are those of the papers and the tensor names those of the transformers library.
import json, math, os, sys
import torch
import torch.nn.functional as F

DTYPES = {'F32': torch.float32, 'F16': torch.float16, 'BF16': torch.bfloat16}

def load(folder):
    index = os.path.join(folder, 'model.safetensors.index.json')
    files = sorted(set(json.load(open(index))['weight_map'].values())) if os.path.exists(index) else ['model.safetensors']
    tensors = {}
    for file in files:
        data = open(os.path.join(folder, file), 'rb').read()
        length = int.from_bytes(data[:8], 'little')
        for name, entry in json.loads(data[8:8 + length]).items():
            if name == '__metadata__':
                continue
            start, end = entry['data_offsets']
            raw = torch.frombuffer(bytearray(data[8 + length + start:8 + length + end]), dtype=DTYPES[entry['dtype']])
            tensors[name] = raw.reshape(entry['shape']).float()
    return tensors

def save(path, tensors):
    header, blobs, offset = {'__metadata__': {'format': 'pt'}}, [], 0
    for name, tensor in tensors.items():
        blob = bytes(tensor.contiguous().view(torch.int16).numpy().tobytes())
        header[name] = {'dtype': 'BF16', 'shape': list(tensor.shape), 'data_offsets': [offset, offset + len(blob)]}
        blobs.append(blob)
        offset += len(blob)
    text = json.dumps(header).encode()
    with open(path, 'wb') as file:
        file.write(len(text).to_bytes(8, 'little') + text + b''.join(blobs))

def attend(q, k, v, window=None):
    q, k, v = (t.transpose(0, 1) for t in (q, k, v))
    if k.shape[0] != q.shape[0]:
        k, v = (t.repeat_interleave(q.shape[0] // t.shape[0], 0) for t in (k, v))
    scores = q @ k.transpose(1, 2) / math.sqrt(q.shape[-1])
    i = torch.arange(q.shape[1])
    seen = i[None, :] <= i[:, None]
    if window:
        seen &= i[None, :] > i[:, None] - window
    scores = scores.masked_fill(~seen, float('-inf'))
    return (scores.softmax(-1) @ v).transpose(0, 1).reshape(q.shape[1], -1)

def gpt2(c, w, ids):
    p = 'transformer.' if 'transformer.wte.weight' in w else ''
    norm = lambda x, name: F.layer_norm(x, x.shape[-1:], w[name + '.weight'], w[name + '.bias'], c['layer_norm_epsilon'])
    conv = lambda x, name: x @ w[name + '.weight'] + w[name + '.bias']
    x = w[p + 'wte.weight'][ids] + w[p + 'wpe.weight'][:len(ids)]
    for i in range(c['n_layer']):
        h = f'{p}h.{i}.'
        qkv = conv(norm(x, h + 'ln_1'), h + 'attn.c_attn').reshape(len(ids), 3, c['n_head'], -1)
        x = x + conv(attend(qkv[:, 0], qkv[:, 1], qkv[:, 2]), h + 'attn.c_proj')
        u = conv(norm(x, h + 'ln_2'), h + 'mlp.c_fc')
        x = x + conv(0.5 * u * (1 + torch.tanh(math.sqrt(2 / math.pi) * (u + 0.044715 * u ** 3))), h + 'mlp.c_proj')
    return norm(x, p + 'ln_f') @ w[p + 'wte.weight'].T

def frequencies(c, size):
    f = c['rope_theta'] ** (-torch.arange(0, size, 2, dtype=torch.float64) / size)
    s = c.get('rope_scaling')
    if not s:
        return f
    wavelength, original = 2 * math.pi / f, s['original_max_position_embeddings']
    smooth = (original / wavelength - s['low_freq_factor']) / (s['high_freq_factor'] - s['low_freq_factor'])
    blended = (1 - smooth) * f / s['factor'] + smooth * f
    return torch.where(wavelength > original / s['low_freq_factor'], f / s['factor'], torch.where(wavelength < original / s['high_freq_factor'], f, blended))

def llama(c, w, ids):
    heads, shared, size = c['num_attention_heads'], c['num_key_value_heads'], c['head_dim']
    norm = lambda x, name: x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + c['rms_norm_eps']) * w[name + '.weight']
    angles = torch.outer(torch.arange(len(ids), dtype=torch.float64), frequencies(c, size))
    cos, sin = (t.float()[:, None] for t in (angles.cos(), angles.sin()))
    def turn(x):
        a, b = x.chunk(2, -1)
        return torch.cat([a * cos - b * sin, b * cos + a * sin], -1)
    x = w['model.embed_tokens.weight'][ids]
    for i in range(c['num_hidden_layers']):
        l = f'model.layers.{i}.'
        n = norm(x, l + 'input_layernorm')
        q, k, v = (F.linear(n, w[f'{l}self_attn.{m}_proj.weight']).reshape(len(ids), -1, size) for m in 'qkv')
        x = x + F.linear(attend(turn(q), turn(k), v, c.get('sliding_window')), w[l + 'self_attn.o_proj.weight'])
        n = norm(x, l + 'post_attention_layernorm')
        glu = lambda n, gate, up, down: F.linear(F.silu(F.linear(n, w[gate])) * F.linear(n, w[up]), w[down])
        if 'num_local_experts' not in c:
            x = x + glu(n, *(f'{l}mlp.{m}_proj.weight' for m in ('gate', 'up', 'down')))
            continue
        probabilities = F.linear(n, w[l + 'block_sparse_moe.gate.weight']).softmax(-1)
        weights, chosen = probabilities.topk(c['num_experts_per_tok'], -1)
        weights = weights / weights.sum(-1, keepdim=True)
        for t in range(len(ids)):
            for weight, expert in zip(weights[t], chosen[t]):
                e = f'{l}block_sparse_moe.experts.{expert}.'
                x[t] = x[t] + weight * glu(n[t], e + 'w1.weight', e + 'w3.weight', e + 'w2.weight')
    return F.linear(norm(x, 'model.norm'), w['model.embed_tokens.weight' if c.get('tie_word_embeddings') else 'lm_head.weight'])

def make(family, folder):
    torch.manual_seed(1)
    random = lambda *shape: (torch.randn(*shape) * 0.2).bfloat16()
    w, d, v = {}, 32, 50
    if family == 'gpt2':
        c = dict(model_type='gpt2', vocab_size=v, n_positions=16, n_embd=d, n_layer=2, n_head=4, layer_norm_epsilon=1e-5)
        w.update({'wte.weight': random(v, d), 'wpe.weight': random(16, d), 'ln_f.weight': 1 + random(d), 'ln_f.bias': random(d)})
        for i in range(2):
            for name, inputs, outputs in (('attn.c_attn', d, 3 * d), ('attn.c_proj', d, d), ('mlp.c_fc', d, 4 * d), ('mlp.c_proj', 4 * d, d)):
                w[f'h.{i}.{name}.weight'], w[f'h.{i}.{name}.bias'] = random(inputs, outputs), random(outputs)
            for name in ('ln_1', 'ln_2'):
                w[f'h.{i}.{name}.weight'], w[f'h.{i}.{name}.bias'] = 1 + random(d), random(d)
            w[f'h.{i}.attn.bias'] = torch.ones(1, 1, 16, 16).tril().bfloat16()  # the mask that old files carry
    else:
        c = dict(model_type=family, vocab_size=v, max_position_embeddings=64, hidden_size=d, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
                 num_key_value_heads=2, head_dim=8, hidden_act='silu', rms_norm_eps=1e-6, rope_theta=10000.0, tie_word_embeddings=False)
        if family == 'mistral':
            c['sliding_window'] = 4
        if family == 'mixtral':
            c.update(num_local_experts=4, num_experts_per_tok=2)
        w.update({'model.embed_tokens.weight': random(v, d), 'model.norm.weight': 1 + random(d), 'lm_head.weight': random(v, d)})
        for i in range(2):
            l = f'model.layers.{i}.'
            w[l + 'input_layernorm.weight'], w[l + 'post_attention_layernorm.weight'] = 1 + random(d), 1 + random(d)
            for m, rows in (('q', 32), ('k', 16), ('v', 16)):
                w[f'{l}self_attn.{m}_proj.weight'] = random(rows, d)
            w[l + 'self_attn.o_proj.weight'] = random(d, 32)
            if family == 'mixtral':
                w[l + 'block_sparse_moe.gate.weight'] = random(4, d)
                for e in range(4):
                    for m, shape in (('w1', (48, d)), ('w2', (d, 48)), ('w3', (48, d))):
                        w[f'{l}block_sparse_moe.experts.{e}.{m}.weight'] = random(*shape)
            else:
                for m, shape in (('gate', (48, d)), ('up', (48, d)), ('down', (d, 48))):
                    w[f'{l}mlp.{m}_proj.weight'] = random(*shape)
    w = {name: t.bfloat16() for name, t in w.items()}
    names = list(w)
    files = {'model-00001-of-00002.safetensors': names[::2], 'model-00002-of-00002.safetensors': names[1::2]}
    for file, part in files.items():
        save(os.path.join(folder, file), {n: w[n] for n in part})
    json.dump({'metadata': {}, 'weight_map': {n: f for f, part in files.items() for n in part}}, open(os.path.join(folder, 'model.safetensors.index.json'), 'w'))
    json.dump(c, open(os.path.join(folder, 'config.json'), 'w'))

if sys.argv[1] == 'make':
    make(sys.argv[2], sys.argv[3])
ids = [int(i) for i in sys.argv[-1].split(',')]
for folder in sys.argv[3:-1] if sys.argv[1] == 'make' else sys.argv[2:-1]:
    config, weights = json.load(open(os.path.join(folder, 'config.json'))), load(folder)
    with torch.no_grad():
        logits = (gpt2 if config['model_type'] == 'gpt2' else llama)(config, weights, ids)
    print(json.dumps(logits.tolist()))
