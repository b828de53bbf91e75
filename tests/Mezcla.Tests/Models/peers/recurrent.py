# Golden values of RecurrentModelTests, from PyTorch 1.13: python3 recurrent.py
# A character model of 5 tokens and width 3 with two LSTM or GRU cells whose i-th parameter, counted in the order of Mezcla's names, is sin(i + 1) / 2.
import torch

V, H, IDS = 5, 3, torch.tensor([[0, 3, 1, 4, 2, 2]])
for kind, gates in (('Lstm', 4), ('Gru', 3)):
    count = 0
    def take(*shape):
        global count
        n = torch.Size(shape).numel()
        values = torch.sin(torch.arange(count + 1, count + n + 1, dtype=torch.float64)) / 2
        count += n
        return values.reshape(shape).float()
    embedding = take(V, H)
    net = (torch.nn.LSTM if kind == 'Lstm' else torch.nn.GRU)(H, H, 2, batch_first=True)
    # Mezcla has the LSTM's gates in the order i f o g, PyTorch i f g o.
    order = [0, 1, 3, 2] if kind == 'Lstm' else [0, 1, 2]
    rows = torch.cat([torch.arange(g * H, (g + 1) * H) for g in order])
    for layer in range(2):
        for name in ('ih', 'hh'):
            getattr(net, f'weight_{name}_l{layer}').data = take(gates * H, H)[rows]
            getattr(net, f'bias_{name}_l{layer}').data = take(gates * H)[rows]
    head, bias = take(V, H), take(V)
    with torch.no_grad():
        logits = net(embedding[IDS])[0] @ head.T + bias
    loss = torch.nn.functional.cross_entropy(logits[0], torch.tensor([3, 1, 4, 2, 2, 0]))
    print(kind, [round(x, 6) for x in logits[0, [0, 5]].flatten().tolist()], round(loss.item(), 6))
