//! The right-hand sides of the example models as one writes them in Rust.

/// Rates from states.
pub type Rates = fn(&[f64], &mut [f64]);

/// The function for a model.
pub fn rates(name: &str) -> Option<Rates> {
    Some(match name {
        "lorenz" => lorenz,
        "hires" => hires,
        "pollution" => pollution,
        "pleiades" => pleiades,
        "robertson" => robertson,
        "brusselator 500" | "brusselator 50000" => brusselator,
        _ => return None,
    })
}

/// Models with an end time and the states there, from the sources of `tests/data/ivp.txt`;
/// Robertson at 1e5 by linear multistep and Radau codes at tolerance 1e-13, as in its table.
pub const ENDS: &[(&str, f64, &[f64])] = &[
    (
        "hires",
        321.8122,
        &[
            0.0007371312573325668,
            0.0001442485726316185,
            5.888729740967575e-05,
            0.001175651343283149,
            0.002386356198831331,
            0.006238968252742796,
            0.002849998395185769,
            0.002850001604814231,
        ],
    ),
    (
        "pollution",
        60.0,
        &[
            0.05646255480022769,
            0.1342484130422339,
            4.139734331099427e-09,
            0.005523140207484359,
            2.018977262302196e-07,
            1.464541863493966e-07,
            0.07784249118997964,
            0.3245075353396018,
            0.007494013383880406,
            1.622293157301561e-08,
            1.135863833257075e-08,
            0.002230505975721359,
            0.000208716288279863,
            1.396921016840158e-05,
            0.008964884856898295,
            4.352846369330103e-18,
            0.006899219696263405,
            0.0001007803037365946,
            1.772146513969984e-06,
            5.682943292316392e-05,
        ],
    ),
    ("robertson", 4e5, &[0.00493827452097991, 1.98499408795442e-08, 0.995061705629074]),
];

fn lorenz(u: &[f64], du: &mut [f64]) {
    let [x, y, z] = [u[0], u[1], u[2]];
    du[0] = 10.0 * (y - x);
    du[1] = x * (28.0 - z) - y;
    du[2] = x * y - 8.0 / 3.0 * z;
}

fn robertson(u: &[f64], du: &mut [f64]) {
    let [a, b, c] = [u[0], u[1], u[2]];
    du[0] = -0.04 * a + 1e4 * b * c;
    du[1] = 0.04 * a - 1e4 * b * c - 3e7 * b * b;
    du[2] = 3e7 * b * b;
}

fn hires(u: &[f64], du: &mut [f64]) {
    let y: &[f64; 8] = u.try_into().expect("8 states");
    let dy: &mut [f64; 8] = du.try_into().expect("8 states");
    dy[0] = -1.71 * y[0] + 0.43 * y[1] + 8.32 * y[2] + 0.0007;
    dy[1] = 1.71 * y[0] - 8.75 * y[1];
    dy[2] = -10.03 * y[2] + 0.43 * y[3] + 0.035 * y[4];
    dy[3] = 8.32 * y[1] + 1.71 * y[2] - 1.12 * y[3];
    dy[4] = -1.745 * y[4] + 0.43 * y[5] + 0.43 * y[6];
    dy[5] = -280.0 * y[5] * y[7] + 0.69 * y[3] + 1.71 * y[4] - 0.43 * y[5] + 0.69 * y[6];
    dy[6] = 280.0 * y[5] * y[7] - 1.81 * y[6];
    dy[7] = -280.0 * y[5] * y[7] + 1.81 * y[6];
}

fn pollution(u: &[f64], du: &mut [f64]) {
    let y: &[f64; 20] = u.try_into().expect("20 states");
    let dy: &mut [f64; 20] = du.try_into().expect("20 states");
    let r1 = 0.35 * y[0];
    let r2 = 26.6 * y[1] * y[3];
    let r3 = 12300.0 * y[4] * y[1];
    let r4 = 0.00086 * y[6];
    let r5 = 0.00082 * y[6];
    let r6 = 15000.0 * y[6] * y[5];
    let r7 = 0.00013 * y[8];
    let r8 = 24000.0 * y[8] * y[5];
    let r9 = 16500.0 * y[10] * y[1];
    let r10 = 9000.0 * y[10] * y[0];
    let r11 = 0.022 * y[12];
    let r12 = 12000.0 * y[9] * y[1];
    let r13 = 1.88 * y[13];
    let r14 = 16300.0 * y[0] * y[5];
    let r15 = 4800000.0 * y[2];
    let r16 = 0.00035 * y[3];
    let r17 = 0.0175 * y[3];
    let r18 = 100000000.0 * y[15];
    let r19 = 444000000000.0 * y[15];
    let r20 = 1240.0 * y[16] * y[5];
    let r21 = 2.1 * y[18];
    let r22 = 5.78 * y[18];
    let r23 = 0.0474 * y[0] * y[3];
    let r24 = 1780.0 * y[18] * y[0];
    let r25 = 3.12 * y[19];
    dy[0] = -r1 - r10 - r14 - r23 - r24 + r2 + r3 + r9 + r11 + r12 + r22 + r25;
    dy[1] = -r2 - r3 - r9 - r12 + r1 + r21;
    dy[2] = -r15 + r1 + r17 + r19 + r22;
    dy[3] = -r2 - r16 - r17 - r23 + r15;
    dy[4] = -r3 + r4 + r4 + r6 + r7 + r13 + r20;
    dy[5] = -r6 - r8 - r14 - r20 + r3 + r18 + r18;
    dy[6] = -r4 - r5 - r6 + r13;
    dy[7] = r4 + r5 + r6 + r7;
    dy[8] = -r7 - r8;
    dy[9] = -r12 + r7 + r9;
    dy[10] = -r9 - r10 + r8 + r11;
    dy[11] = r9;
    dy[12] = -r11 + r10;
    dy[13] = -r13 + r12;
    dy[14] = r14;
    dy[15] = -r18 - r19 + r16;
    dy[16] = -r20;
    dy[17] = r20;
    dy[18] = -r21 - r22 - r24 + r23 + r25;
    dy[19] = -r25 + r24;
}

fn pleiades(u: &[f64], du: &mut [f64]) {
    let u: &[f64; 28] = u.try_into().expect("28 states");
    let du: &mut [f64; 28] = du.try_into().expect("28 states");
    for i in 0..7 {
        du[i] = u[i + 14];
        du[i + 7] = u[i + 21];
        let (mut fx, mut fy) = (0.0, 0.0);
        for j in 0..7 {
            if i != j {
                let (dx, dy) = (u[j] - u[i], u[j + 7] - u[i + 7]);
                let square = dx * dx + dy * dy;
                let pull = (j + 1) as f64 / (square * square.sqrt());
                fx += dx * pull;
                fy += dy * pull;
            }
        }
        du[i + 14] = fx;
        du[i + 21] = fy;
    }
}

fn brusselator(u: &[f64], du: &mut [f64]) {
    let n = u.len() / 2;
    let d = ((n + 1) * (n + 1)) as f64 / 50.0;
    let (u, v) = u.split_at(n);
    let (du, dv) = du.split_at_mut(n);
    let at = |w: &[f64], i: usize, end: f64| {
        let left = if i == 0 { end } else { w[i - 1] };
        let right = if i == n - 1 { end } else { w[i + 1] };
        left - 2.0 * w[i] + right
    };
    let mut cell = |i: usize, lu: f64, lv: f64| {
        let square = u[i] * u[i] * v[i];
        du[i] = 1.0 + square - 4.0 * u[i] + d * lu;
        dv[i] = 3.0 * u[i] - square + d * lv;
    };
    cell(0, at(u, 0, 1.0), at(v, 0, 3.0));
    for i in 1..n - 1 {
        let lu = u[i - 1] - 2.0 * u[i] + u[i + 1];
        let lv = v[i - 1] - 2.0 * v[i] + v[i + 1];
        cell(i, lu, lv);
    }
    cell(n - 1, at(u, n - 1, 1.0), at(v, n - 1, 3.0));
}
