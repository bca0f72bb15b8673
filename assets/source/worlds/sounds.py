"""Endless sounds from noise, encoded as MP3 by lame."""
import subprocess

import numpy as np

RATE = 22050


def encode(samples):
    """Mono samples between -1 and 1 as MP3 bytes."""
    raw = np.clip(samples * 32767, -32768, 32767).astype("<i2").tobytes()
    command = ["lame", "--quiet", "-r", "-s", str(RATE / 1000), "-m", "m", "-b", "48", "--noreplaygain", "-t", "-", "-"]
    return subprocess.run(command, input=raw, stdout=subprocess.PIPE, check=True).stdout


def shaped(seconds, seed, curve):
    """Noise whose spectrum follows `curve(hertz)`; it repeats without a seam."""
    count = int(seconds * RATE)
    spectrum = np.fft.rfft(np.random.default_rng(seed).normal(size=count))
    out = np.fft.irfft(spectrum * curve(np.fft.rfftfreq(count, 1 / RATE)), count)
    return out / np.abs(out).max()


def fountain(seconds=6):
    body = shaped(seconds, 1, lambda f: np.exp(-((np.log2(np.maximum(f, 20)) - np.log2(900)) ** 2) / 3.2))
    hiss = shaped(seconds, 2, lambda f: np.clip(f / 4000, 0, 1) * np.exp(-f / 9000))
    t = np.arange(len(body)) / RATE
    bubbles = np.zeros_like(body)
    rng = np.random.default_rng(3)
    for _ in range(int(seconds * 26)):
        at, pitch, length = rng.random() * seconds, 350 + 900 * rng.random(), 0.02 + 0.04 * rng.random()
        since = (t - at) % seconds
        bubbles += np.where(since < length * 4, np.sin(2 * np.pi * (pitch + 2500 * since) * since) * np.exp(-since / length), 0) * rng.random()
    return encode(0.55 * body + 0.12 * hiss + 0.10 * bubbles)


def evening(seconds=16):
    """Wind in trees and a few far birds."""
    t = np.arange(int(seconds * RATE)) / RATE
    wind = shaped(seconds, 11, lambda f: np.exp(-f / 500) * np.clip(f / 80, 0, 1)) * (0.6 + 0.4 * np.sin(2 * np.pi * t / seconds))
    birds, rng = np.zeros_like(t), np.random.default_rng(12)
    for _ in range(9):
        at, pitch, notes = rng.random() * seconds, 2600 + 1500 * rng.random(), rng.integers(2, 5)
        for note in range(notes):
            since = (t - at - note * 0.16) % seconds
            call = np.sin(2 * np.pi * (pitch * since + 90 * np.sin(2 * np.pi * 9 * since) / 9))
            birds += np.where(since < 0.11, call * np.sin(np.pi * np.minimum(since, 0.11) / 0.11), 0) * 0.12
    return encode(0.30 * wind + 0.5 * birds)


def fire(seconds=8):
    """A small fire: a low rush and crackles."""
    rush = shaped(seconds, 31, lambda f: np.exp(-f / 260) * np.clip(f / 50, 0, 1))
    t, rng = np.arange(len(rush)) / RATE, np.random.default_rng(32)
    crackles = np.zeros_like(rush)
    for _ in range(int(seconds * 7)):
        at, length, loud = rng.random() * seconds, 0.003 + 0.012 * rng.random(), rng.random() ** 3
        since = (t - at) % seconds
        crackles += np.where(since < length * 6, rng.normal(size=len(t)) * np.exp(-since / length), 0) * loud
    return encode(0.35 * rush + 0.35 * crackles)
