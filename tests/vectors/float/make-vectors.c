/*
 * Writes tests/vectors/float/arithmetic.txt: IEEE 754 results and exception flags as the host's SSE2 and FMA units give them.
 *
 *   gcc -O1 -frounding-math -ffp-contract=off -mfma -o make-vectors make-vectors.c -lm && ./make-vectors > arithmetic.txt
 *
 * A line is: operation, rounding mode (RISC-V number), operands, result, flags (RISC-V bits); all hexadecimal. NaN results are printed as the
 * canonical NaN. Left out: what SSE2 answers otherwise than RISC-V (infinity times zero plus a quiet NaN; conversions out of range).
 */
#include <fenv.h>
#include <immintrin.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static uint64_t seed = 0x9e3779b97f4a7c15;
static uint64_t next(void)
{
    seed ^= seed << 13; seed ^= seed >> 7; seed ^= seed << 17;
    return seed;
}

static const uint64_t corner64[] = {
    0, 1, 0x000fffffffffffff, 0x0010000000000000, 0x0010000000000001, 0x001fffffffffffff, 0x3ca0000000000000, 0x3cb0000000000000,
    0x3fe0000000000000, 0x3fefffffffffffff, 0x3ff0000000000000, 0x3ff0000000000001, 0x3ff8000000000000, 0x4000000000000000,
    0x4330000000000000, 0x4340000000000001, 0x7fe0000000000000, 0x7fefffffffffffff, 0x7ff0000000000000, 0x7ff0000000000001,
    0x7ff8000000000000, 0x0008000000000000, 0x1ff0000000000000, 0x2000000000000001, 0x41dfffffffc00000, 0x4059000000000000 };
static const uint32_t corner32[] = {
    0, 1, 0x007fffff, 0x00800000, 0x00800001, 0x33800000, 0x34000000, 0x3effffff, 0x3f000000, 0x3f7fffff, 0x3f800000, 0x3f800001,
    0x3fc00000, 0x40000000, 0x4b000000, 0x4b800001, 0x7f000000, 0x7f7fffff, 0x7f800000, 0x7f800001, 0x7fc00000, 0x00400000,
    0x20000000, 0x1f800001, 0x4effffff, 0x42c80000 };

static uint64_t pick64(void)
{
    uint64_t r = next(), v;
    switch (r & 3) {
    case 0: v = corner64[(r >> 8) % (sizeof corner64 / 8)]; break;
    case 1: v = next(); break;
    case 2: v = (next() & 0x000fffffffffffff) | ((0x3f0 + ((r >> 8) & 31)) << 52); break;
    default: v = (next() & 0x000fffffffffffff) | (((r >> 8) & 1 ? 0x000 + ((r >> 9) & 63) : 0x7c0 + ((r >> 9) & 63)) << 52); break;
    }
    return v ^ (r & 0x8000000000000000);
}

static uint32_t pick32(void)
{
    uint64_t r = next(); uint32_t v;
    switch (r & 3) {
    case 0: v = corner32[(r >> 8) % (sizeof corner32 / 4)]; break;
    case 1: v = (uint32_t)next(); break;
    case 2: v = ((uint32_t)next() & 0x7fffff) | (uint32_t)(0x70 + ((r >> 8) & 31)) << 23; break;
    default: v = ((uint32_t)next() & 0x7fffff) | (uint32_t)((r >> 8) & 1 ? (r >> 9) & 15 : 0xf0 + ((r >> 9) & 15)) << 23; break;
    }
    return v ^ (uint32_t)(r >> 32 & 0x80000000);
}

static double d(uint64_t v) { double r; memcpy(&r, &v, 8); return r; }
static float f(uint32_t v) { float r; memcpy(&r, &v, 4); return r; }
static uint64_t bd(double v) { uint64_t r; memcpy(&r, &v, 8); return isnan(v) ? 0x7ff8000000000000 : r; }
static uint32_t bf(float v) { uint32_t r; memcpy(&r, &v, 4); return isnan(v) ? 0x7fc00000 : r; }

static const int host[] = { FE_TONEAREST, FE_TOWARDZERO, FE_DOWNWARD, FE_UPWARD };
static unsigned flags(void)
{
    int e = fetestexcept(FE_ALL_EXCEPT);
    return (e & FE_INVALID ? 16 : 0) | (e & FE_DIVBYZERO ? 8 : 0) | (e & FE_OVERFLOW ? 4 : 0) | (e & FE_UNDERFLOW ? 2 : 0) | (e & FE_INEXACT ? 1 : 0);
}

static void begin(int mode) { fesetround(host[mode]); feclearexcept(FE_ALL_EXCEPT); }

int main(void)
{
    printf("# Made by make-vectors.c on x86-64: operation, mode, operands, result, flags.\n");
    for (int i = 0; i < 400; i++) {
        int m = i & 3;
        uint64_t A = pick64(), B = pick64(), C = pick64();
        volatile double a = d(A), b = d(B), c = d(C), r;
        unsigned g;
        begin(m); r = a + b; g = flags(); printf("add.d %d %lx %lx %lx %x\n", m, A, B, bd(r), g);
        begin(m); r = a - b; g = flags(); printf("sub.d %d %lx %lx %lx %x\n", m, A, B, bd(r), g);
        begin(m); r = a * b; g = flags(); printf("mul.d %d %lx %lx %lx %x\n", m, A, B, bd(r), g);
        begin(m); r = a / b; g = flags(); printf("div.d %d %lx %lx %lx %x\n", m, A, B, bd(r), g);
        begin(m); r = _mm_cvtsd_f64(_mm_sqrt_pd(_mm_set1_pd(a))); g = flags(); printf("sqrt.d %d %lx %lx %x\n", m, A, bd(r), g);
        if (!isnan(a) && !isnan(b) && !isnan(c)) {
            begin(m); r = fma(a, b, c); g = flags(); printf("fma.d %d %lx %lx %lx %lx %x\n", m, A, B, C, bd(r), g);
        }
        volatile float q;
        begin(m); q = (float)a; g = flags(); printf("cvt.s.d %d %lx %x %x\n", m, A, bf(q), g);
        if (fabs(a) < 0x1p62) {
            begin(m); volatile long n = llrint(a); g = flags(); printf("cvt.l.d %d %lx %lx %x\n", m, A, n, g);
        }
        long n = (long)next() >> (next() & 63);
        begin(m); r = (double)n; g = flags(); printf("cvt.d.l %d %lx %lx %x\n", m, n, bd(r), g);
        begin(m); q = (float)n; g = flags(); printf("cvt.s.l %d %lx %x %x\n", m, n, bf(q), g);
    }
    for (int i = 0; i < 400; i++) {
        int m = i & 3;
        uint32_t A = pick32(), B = pick32(), C = pick32();
        volatile float a = f(A), b = f(B), c = f(C), r;
        unsigned g;
        begin(m); r = a + b; g = flags(); printf("add.s %d %x %x %x %x\n", m, A, B, bf(r), g);
        begin(m); r = a - b; g = flags(); printf("sub.s %d %x %x %x %x\n", m, A, B, bf(r), g);
        begin(m); r = a * b; g = flags(); printf("mul.s %d %x %x %x %x\n", m, A, B, bf(r), g);
        begin(m); r = a / b; g = flags(); printf("div.s %d %x %x %x %x\n", m, A, B, bf(r), g);
        begin(m); r = _mm_cvtss_f32(_mm_sqrt_ps(_mm_set1_ps(a))); g = flags(); printf("sqrt.s %d %x %x %x\n", m, A, bf(r), g);
        if (!isnan(a) && !isnan(b) && !isnan(c)) {
            begin(m); r = fmaf(a, b, c); g = flags(); printf("fma.s %d %x %x %x %x %x\n", m, A, B, C, bf(r), g);
        }
        volatile double w;
        begin(m); w = (double)a; g = flags(); printf("cvt.d.s %d %x %lx %x\n", m, A, bd(w), g);
    }
    return 0;
}
