#!/usr/bin/env python3
"""Reference fits of structural equation models, by mpmath to 30 digits.

Plain matrix formulas, unlike the program under test: Sigma = (I-B)^-1 Psi (I-B)^-T by inversion,
derivatives by the product rule, second derivatives by central differences of the gradient.
Usage: fits.py FOLDER > fits.json
"""
import csv, json, sys
from mpmath import mp, mpf, matrix, inverse, log, det, sqrt

mp.dps = 30
FOLDER = sys.argv[1]


class Model:
    """`names`, observed ones first; cells are (kind, row, column) with kind 'b' (effect of column on
    row) or 'p' (covariance); `free` lists parameters, each a list of cells, `fixed` cells with values."""

    def __init__(self, observed, latent, free, fixed):
        self.names = observed + latent
        self.n, self.p = len(self.names), len(observed)
        at = {v: k for k, v in enumerate(self.names)}
        self.free = [(name, [(k, at[r], at[c]) for k, r, c in cells]) for name, cells in free]
        self.fixed = [(k, at[r], at[c], mpf(v)) for k, r, c, v in fixed]

    def matrices(self, x):
        B, P = matrix(self.n, self.n), matrix(self.n, self.n)

        def put(k, r, c, v):
            if k == 'b':
                B[r, c] = v
            else:
                P[r, c] = v
                P[c, r] = v
        for k, r, c, v in self.fixed:
            put(k, r, c, v)
        for (_, cells), v in zip(self.free, x):
            for k, r, c in cells:
                put(k, r, c, v)
        return B, P

    def moments(self, x):
        B, P = self.matrices(x)
        T = inverse(mp.eye(self.n) - B)
        S = T * P * T.T
        return T, S

    def derivatives(self, T, S):
        p, out = self.p, []
        for _, cells in self.free:
            D = matrix(p, p)
            for k, r, c in cells:
                for i in range(p):
                    for j in range(p):
                        if k == 'b':
                            D[i, j] += T[i, r] * S[c, j] + S[i, c] * T[j, r]
                        elif r == c:
                            D[i, j] += T[i, r] * T[j, r]
                        else:
                            D[i, j] += T[i, r] * T[j, c] + T[i, c] * T[j, r]
            out.append(D)
        return out


def trace(A, B):
    return sum(A[i, j] * B[j, i] for i in range(A.rows) for j in range(A.rows))


def weight(model, x, S, method):
    T, full = model.moments(x)
    sigma = full[:model.p, :model.p]
    D = model.derivatives(T, full)
    if method == 'ml':
        V = inverse(sigma)
    elif method == 'gls':
        V = inverse(S)
    else:
        V = mp.eye(model.p)
    return sigma, D, V


def value(model, x, S, method):
    sigma, _, V = weight(model, x, S, method)
    if method == 'ml':
        return log(det(sigma)) + trace(S, V) - log(det(S)) - model.p
    R = V * (S - sigma)
    return trace(R, R) / 2


def gradient(model, x, S, method):
    sigma, D, V = weight(model, x, S, method)
    W = V * (sigma - S) * V
    return [trace(W, d) for d in D]


def expected(model, x, S, method):
    sigma, D, V = weight(model, x, S, method)
    VD = [V * d for d in D]
    t = len(D)
    H = matrix(t, t)
    for i in range(t):
        for j in range(i + 1):
            H[i, j] = H[j, i] = trace(VD[i], VD[j])
    return H


def observed(model, x, S, method):
    t, h = len(x), mpf(10) ** -9
    H = matrix(t, t)
    for i in range(t):
        up, down = list(x), list(x)
        up[i] += h
        down[i] -= h
        for j, (a, b) in enumerate(zip(gradient(model, up, S, method), gradient(model, down, S, method))):
            H[i, j] = (a - b) / (2 * h)
    return (H + H.T) / 2


def minimise(model, x, S, method):
    f = value(model, x, S, method)
    for step in range(200):
        g = gradient(model, x, S, method)
        if max(abs(v) for v in g) < mpf(10) ** -24:
            return x
        near = max(abs(v) for v in g) < mpf('1e-3')
        H = observed(model, x, S, method) if near else expected(model, x, S, method)
        d = mp.lu_solve(H, matrix([-v for v in g]))
        a = mpf(1)
        while True:
            y = [u + a * v for u, v in zip(x, d)]
            try:
                fy = value(model, y, S, method)
                if mp.im(fy) == 0 and fy < f + mpf(10) ** -28:
                    break
            except (ValueError, ZeroDivisionError):
                pass
            a /= 2
            assert a > 1e-12
        x, f = y, fy
    raise SystemExit('no minimum')


def robust(model, x, S, rows):
    """Sandwich of the observed information and casewise gradients (maximum likelihood)."""
    sigma, D, V = weight(model, x, S, 'ml')
    t, N = len(x), len(rows)
    means = [sum(r[k] for r in rows) / N for k in range(model.p)]
    VDV = [V * d * V for d in D]
    flat = [trace(V, d) for d in D]
    meat = matrix(t, t)
    for r in rows:
        z = [a - m for a, m in zip(r, means)]
        s = []
        for f, M in zip(flat, VDV):
            q = sum(z[i] * sum(M[i, j] * z[j] for j in range(model.p)) for i in range(model.p))
            s.append(f - q)
        for i in range(t):
            for j in range(t):
                meat[i, j] += s[i] * s[j] / N
    H = inverse(observed(model, x, S, 'ml'))
    C = H * meat * H / N
    return [sqrt(C[k, k]) for k in range(t)]


def errors(H, N):
    C = inverse(H) * 2 / N
    return [sqrt(C[k, k]) for k in range(C.rows)]


def sandwich_uls(model, x, S, N):
    """Unweighted least squares with normal data: A^-1 M A^-1 / N, Γ at the implied covariances."""
    sigma, D, _ = weight(model, x, S, 'uls')
    A = expected(model, x, S, 'uls')
    SD = [sigma * d for d in D]
    t = len(D)
    M = matrix(t, t)
    for i in range(t):
        for j in range(t):
            M[i, j] = 2 * trace(SD[i], SD[j])
    Ai = inverse(A)
    C = Ai * M * Ai / N
    return [sqrt(C[k, k]) for k in range(t)]


def browne(model, x, S, N):
    T, full = model.moments(x)
    sigma = full[:model.p, :model.p]
    V = inverse(S)
    R = V * (S - sigma)
    VD = [V * d for d in model.derivatives(T, full)]
    b = matrix([trace(R, d) / 2 for d in VD])
    t = len(VD)
    A = matrix(t, t)
    for i in range(t):
        for j in range(t):
            A[i, j] = trace(VD[i], VD[j]) / 2
    return (N - 1) * (trace(R, R) / 2 - (b.T * mp.lu_solve(A, b))[0])


def cfa(blocks):
    free, fixed, obs = [], [], []
    for f, xs in blocks:
        obs += xs
        fixed.append(('b', xs[0], f, 1))
        free += [(f'{f} =~ {x}', [('b', x, f)]) for x in xs[1:]]
        free += [(f'{x} ~~ {x}', [('p', x, x)]) for x in xs]
    return obs, [f for f, _ in blocks], free, fixed


def table(name):
    with open(f'{FOLDER}/{name}') as f:
        return list(csv.DictReader(f))


def moments(rows):
    N, p = len(rows), len(rows[0])
    m = [sum(r[k] for r in rows) / N for k in range(p)]
    return matrix([[sum((r[i] - m[i]) * (r[j] - m[j]) for r in rows) / N for j in range(p)] for i in range(p)])


def square(name, wanted, N):
    with open(f'{FOLDER}/{name}') as f:
        rows = list(csv.reader(f))
    head = rows[0]
    body = [r for r in rows[1:]]
    if head[0] == '':
        head, body = head[1:], [r[1:] for r in body]
    at = [head.index(w) for w in wanted]
    return matrix([[mpf(body[i][j]) * (N - 1) / N for j in at] for i in at])


def start(model, S):
    x = []
    for _, cells in model.free:
        k, r, c = cells[0]
        if k == 'b':
            # a loading, an effect among others
            x.append(mpf(1) if r < model.p and c >= model.p else mpf(3) / 10)
        elif r == c:
            x.append(S[r, r] / 2 if r < model.p else mpf('0.5') * max(S[i, i] for i in range(1)))
        else:
            x.append(mpf(0))
    return x


def report(name, model, S, N, rows=None, methods=('ml',), x0=None):
    out = {'model': name, 'observations': N, 'parameters': [n for n, _ in model.free], 'fits': []}
    x = x0 or start(model, S)
    for method in methods:
        Sm = S if method == 'ml' else S * N / (N - 1)
        x = minimise(model, x, Sm, method)
        f = value(model, x, Sm, method)
        e = {'method': method, 'estimates': x}
        if method == 'ml':
            e['chisq'] = N * f
            e['expected'] = errors(expected(model, x, Sm, method), N)
            e['observed'] = errors(observed(model, x, Sm, method), N)
            if rows:
                e['robust'] = robust(model, x, Sm, rows)
        elif method == 'gls':
            e['chisq'] = (N - 1) * f
            e['expected'] = errors(expected(model, x, Sm, method), N)
        else:
            e['chisq'] = browne(model, x, Sm, N)
            e['expected'] = sandwich_uls(model, x, Sm, N)
        out['fits'].append({k: ([mp.nstr(v, 15) for v in val] if isinstance(val, list) else
                                (val if isinstance(val, str) else mp.nstr(val, 15))) for k, val in e.items()})
        print(name, method, mp.nstr(e['chisq'], 12), file=sys.stderr)
    return out


def main():
    results = []
    # Political Democracy
    obs, lat, free, fixed = cfa([('ind60', ['x1', 'x2', 'x3']), ('dem60', ['y1', 'y2', 'y3', 'y4']),
                                 ('dem65', ['y5', 'y6', 'y7', 'y8'])])
    free += [(f'{f} ~~ {f}', [('p', f, f)]) for f in lat]
    free += [(f'{a} ~ {b}', [('b', a, b)]) for a, b in [('dem60', 'ind60'), ('dem65', 'ind60'), ('dem65', 'dem60')]]
    free += [(f'{a} ~~ {b}', [('p', a, b)]) for a, b in
             [('y1', 'y5'), ('y2', 'y4'), ('y2', 'y6'), ('y3', 'y7'), ('y4', 'y8'), ('y6', 'y8')]]
    pd = Model(obs, lat, free, fixed)
    data = table('political_democracy.csv')
    rows = [[mpf(r[v]) for v in obs] for r in data]
    results.append(report('political_democracy', pd, moments(rows), len(rows), rows, ('ml', 'gls', 'uls')))
    # The same with equal loadings in both years.
    equal = []
    pairs = {'y6': 'y2', 'y7': 'y3', 'y8': 'y4'}
    for n, cells in free:
        if n.startswith('dem60 =~'):
            y = n.split()[-1]
            twin = [k for k, v in pairs.items() if v == y][0]
            equal.append((n, cells + [('b', twin, 'dem65')]))
        elif not n.startswith('dem65 =~'):
            equal.append((n, cells))
    results.append(report('political_democracy_equal', Model(obs, lat, equal, fixed), moments(rows), len(rows), rows))
    # Holzinger and Swineford
    obs, lat, free, fixed = cfa([('visual', ['x1', 'x2', 'x3']), ('textual', ['x4', 'x5', 'x6']),
                                 ('speed', ['x7', 'x8', 'x9'])])
    free += [(f'{f} ~~ {f}', [('p', f, f)]) for f in lat]
    free += [(f'{a} ~~ {b}', [('p', a, b)]) for a, b in [('visual', 'textual'), ('visual', 'speed'), ('textual', 'speed')]]
    hs = Model(obs, lat, free, fixed)
    data = table('holzinger_swineford_1939.csv')
    rows = [[mpf(r[v]) for v in obs] for r in data]
    results.append(report('holzinger_swineford', hs, moments(rows), len(rows), rows, ('ml', 'gls', 'uls')))
    # Wheaton
    obs, lat, free, fixed = cfa([('Alien67', ['Anomia67', 'Powerless67']), ('Alien71', ['Anomia71', 'Powerless71']),
                                 ('SES', ['Education', 'SEI'])])
    free += [(f'{f} ~~ {f}', [('p', f, f)]) for f in lat]
    free += [(f'{a} ~ {b}', [('b', a, b)]) for a, b in [('Alien67', 'SES'), ('Alien71', 'SES'), ('Alien71', 'Alien67')]]
    free += [(f'{a} ~~ {b}', [('p', a, b)]) for a, b in [('Anomia67', 'Anomia71'), ('Powerless67', 'Powerless71')]]
    wh = Model(obs, lat, free, fixed)
    S = square('wheaton_cov.csv', obs, 932)
    results.append(report('wheaton', wh, S, 932))
    # Duncan, Haller and Portes; exogenous variables have the moments of the sample.
    exo = ['RParAsp', 'RIQ', 'RSES', 'FSES', 'FIQ', 'FParAsp']
    obs = ['ROccAsp', 'REdAsp', 'FOccAsp', 'FEdAsp'] + exo
    S = square('duncan_haller_portes_cor.csv', obs, 329)
    at = {v: k for k, v in enumerate(obs)}
    fixed = [('p', a, b, S[at[a], at[b]]) for i, a in enumerate(exo) for b in exo[:i + 1]]
    fixed += [('b', 'ROccAsp', 'RGenAsp', 1), ('b', 'FOccAsp', 'FGenAsp', 1)]
    lat = ['RGenAsp', 'FGenAsp']
    free = [('RGenAsp =~ REdAsp', [('b', 'REdAsp', 'RGenAsp')]), ('FGenAsp =~ FEdAsp', [('b', 'FEdAsp', 'FGenAsp')])]
    for y, xs in [('RGenAsp', ['RParAsp', 'RIQ', 'RSES', 'FSES', 'FGenAsp']),
                  ('FGenAsp', ['RSES', 'FSES', 'FIQ', 'FParAsp', 'RGenAsp'])]:
        free += [(f'{y} ~ {x}', [('b', y, x)]) for x in xs]
    free += [('RGenAsp ~~ FGenAsp', [('p', 'RGenAsp', 'FGenAsp')])]
    free += [(f'{v} ~~ {v}', [('p', v, v)]) for v in obs[:4] + lat]
    results.append(report('duncan_haller_portes', Model(obs, lat, free, fixed), S, 329))
    print(json.dumps({'about': 'mpmath, 30 digits; see fits.py beside this file', 'models': results}, indent=1))


main()
