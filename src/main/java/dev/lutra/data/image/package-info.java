/**
 * Image files as pixels: {@link dev.lutra.data.image.ImageDecoder} reads them as an {@link dev.lutra.data.image.RgbImage}.
 */
package dev.lutra.data.image;
