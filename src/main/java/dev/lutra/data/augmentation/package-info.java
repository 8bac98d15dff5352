/** What is done to training images after they are cropped and flipped; {@link dev.lutra.data.augmentation.Augmentations} knows all of it by name. */
package dev.lutra.data.augmentation;
