// Draws very many points: pixels of an image, as no other way is fast enough while limits move.

/** A colour as the word that an image keeps it in, on machines that begin with the lowest byte, as all with browsers do. */
function word(colour) {
  const [, red, green, blue] = /^#(..)(..)(..)$/.exec(colour);
  return (0xff000000 | Number(`0x${blue}${green}${red}`)) >>> 0;
}

export class Cloud {
  #context;
  #image = null;
  #pixels = null;
  #x = null;
  #y = null;

  constructor(canvas) {
    this.#context = canvas.getContext('2d');
  }

  /** Makes room for an image of so many pixels. */
  resize(width, height) {
    const { canvas } = this.#context;
    if (canvas.width !== width || canvas.height !== height || !this.#image) {
      canvas.width = width;
      canvas.height = height;
      this.#image = this.#context.createImageData(Math.max(1, width), Math.max(1, height));
      this.#pixels = new Uint32Array(this.#image.data.buffer);
    }
  }

  /** Where the points are, in pixels; those that are nowhere have NaN. */
  place(xs, ys) {
    this.#x = Int32Array.from(xs, x => (Number.isFinite(x) ? Math.round(x) : -1));
    this.#y = Int32Array.from(ys, y => (Number.isFinite(y) ? Math.round(y) : -1));
  }

  /**
   * Draws all points, those that a mask lets through above the others.
   *
   * @param size of a point, an odd number of pixels
   */
  draw(mask, faint, strong, size) {
    this.#pixels.fill(0);
    this.#layer(mask, 0, word(faint), size);
    this.#layer(mask, 1, word(strong), size);
    this.#context.putImageData(this.#image, 0, 0);
  }

  #layer(mask, wanted, colour, size) {
    const { width, height } = this.#image;
    const half = size >> 1;
    const [xs, ys, pixels] = [this.#x, this.#y, this.#pixels];
    for (let i = 0; i < xs.length; i++) {
      const x = xs[i] - half;
      const y = ys[i] - half;
      if (mask[i] !== wanted || x < 0 || y < 0 || x + size > width || y + size > height) {
        continue;
      }
      for (let row = y * width + x, end = row + size * width; row < end; row += width) {
        for (let pixel = row; pixel < row + size; pixel++) { // a fill of so few takes longer
          pixels[pixel] = colour;
        }
      }
    }
  }

  /** The point nearest to a place within a reach; -1 where there is none. Points that the mask lets through come first. */
  nearest(mask, x, y, reach) {
    let found = -1;
    for (const wanted of [1, 0]) {
      let best = reach * reach;
      for (let i = 0; i < this.#x.length; i++) {
        const distance = (this.#x[i] - x) ** 2 + (this.#y[i] - y) ** 2;
        if (mask[i] === wanted && distance <= best) {
          best = distance;
          found = i;
        }
      }
      if (found >= 0) {
        break;
      }
    }
    return found;
  }
}
