// How bytes, floats and histograms travel.

export function bytesToBase64(bytes) {
  let text = '';
  for (let i = 0; i < bytes.length; i += 0x8000) {
    text += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  }
  return btoa(text);
}

export function base64ToBytes(text) {
  return Uint8Array.from(atob(text), character => character.charCodeAt(0));
}

export function floatsToBase64(floats) {
  const bytes = new Uint8Array(4 * floats.length);
  const view = new DataView(bytes.buffer);
  floats.forEach((value, i) => view.setFloat32(4 * i, value, true));
  return bytesToBase64(bytes);
}

export function base64ToFloats(text) {
  const bytes = base64ToBytes(text);
  const view = new DataView(bytes.buffer);
  return Float32Array.from({ length: bytes.length / 4 }, (_, i) => view.getFloat32(4 * i, true));
}

/**
 * As float16 bits, to the nearest, ties to even; what is beyond its range becomes infinite. Written out because browsers have
 * Float16Array only lately.
 */
export function floatsToHalves(floats) {
  const bits = new Uint32Array(Float32Array.from(floats).buffer);
  return Uint16Array.from(bits, toHalf);
}

function toHalf(bits) {
  const sign = bits >>> 16 & 0x8000;
  const exponent = bits >>> 23 & 0xff;
  const mantissa = bits & 0x7fffff;
  if (exponent === 0xff) {
    return sign | 0x7c00 | (mantissa ? 0x200 : 0);
  }
  if (exponent > 112) {
    const exact = (exponent - 112 << 23 | mantissa) >>> 0;
    return sign | Math.min(0x7c00, roundedShift(exact, 13));
  }
  // below 2^-14 halves have a fixed step of 2^-24
  return sign | (exponent < 102 ? 0 : roundedShift(mantissa | 0x800000, 126 - exponent));
}

function roundedShift(value, by) {
  const quotient = Math.floor(value / 2 ** by);
  const rest = value - quotient * 2 ** by;
  const half = 2 ** (by - 1);
  return quotient + (rest > half || rest === half && quotient % 2 === 1 ? 1 : 0);
}

export function halvesToFloats(halves) {
  return Float32Array.from(halves, half => {
    const exponent = half >>> 10 & 0x1f;
    const mantissa = half & 0x3ff;
    const size = exponent === 0x1f ? (mantissa ? NaN : Infinity)
      : exponent === 0 ? mantissa * 2 ** -24 : (0x400 + mantissa) * 2 ** (exponent - 25);
    return half & 0x8000 ? -size : size;
  });
}

// HdrHistogram's constants for three significant digits and whole numbers: 2048 values before the resolution first halves.
const DIGITS = 3;
const SUB_BUCKETS = 2048;

function countsIndex(value) {
  let bucket = 0;
  while (value >= SUB_BUCKETS * 2 ** bucket) {
    bucket++;
  }
  return (bucket + 1) * (SUB_BUCKETS / 2) + Math.floor(value / 2 ** bucket) - SUB_BUCKETS / 2;
}

function zigZag(number, bytes) {
  let rest = BigInt(number) << 1n ^ BigInt(number) >> 63n;
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn | 0x80n));
    rest >>= 7n;
  }
  bytes.push(Number(rest));
}

/** HdrHistogram's V2 encoding, compressed. */
export async function encodeHistogram(sortedNanos) {
  const payload = [];
  let index = 0;
  for (let i = 0; i < sortedNanos.length;) {
    const at = countsIndex(sortedNanos[i]);
    let count = 0;
    while (i < sortedNanos.length && countsIndex(sortedNanos[i]) === at) {
      count++;
      i++;
    }
    if (at > index) {
      zigZag(at - index === 1 ? 0 : index - at, payload);
    }
    zigZag(count, payload);
    index = at + 1;
  }
  let highest = SUB_BUCKETS - 1;
  while (highest < sortedNanos[sortedNanos.length - 1]) {
    highest = 2 * highest + 1;
  }
  const plain = new Uint8Array(40 + payload.length);
  const header = new DataView(plain.buffer);
  header.setInt32(0, 0x1c849313);
  header.setInt32(4, payload.length);
  header.setInt32(12, DIGITS);
  header.setBigInt64(16, 1n);
  header.setBigInt64(24, BigInt(highest));
  header.setFloat64(32, 1);
  plain.set(payload, 40);

  const packed = new Uint8Array(await new Response(
    new Blob([plain]).stream().pipeThrough(new CompressionStream('deflate'))).arrayBuffer());
  const encoded = new Uint8Array(8 + packed.length);
  new DataView(encoded.buffer).setInt32(0, 0x1c849314);
  new DataView(encoded.buffer).setInt32(4, packed.length);
  encoded.set(packed, 8);
  return encoded;
}
