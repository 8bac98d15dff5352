# Pillow's operations with torchvision's magnitudes for RandAugment, one file an operation, magnitude and direction.
# Arguments: a folder with image.rgb, 8 bits a value by row, column, channel; the image's height and width; magnitudes of 30.
import sys
from PIL import Image, ImageEnhance, ImageOps

folder, height, width = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
image = Image.frombytes("RGB", (width, height), open(folder + "/image.rgb", "rb").read())


def affine(*inverse):
    return image.transform(image.size, Image.AFFINE, inverse)


for magnitude in map(int, sys.argv[4:]):
    share = magnitude / 30
    for direction in (1, -1):
        shear = direction * 0.3 * share
        right, down = (int(direction * 150 / 331 * side * share) for side in (width, height))
        factor = 1 + direction * 0.9 * share
        results = {
            "IDENTITY": image,
            "SHEAR_X": affine(1, shear, 0, 0, 1, 0),
            "SHEAR_Y": affine(1, 0, 0, shear, 1, 0),
            "TRANSLATE_X": affine(1, 0, -right, 0, 1, 0),
            "TRANSLATE_Y": affine(1, 0, 0, 0, 1, -down),
            "ROTATE": image.rotate(direction * 30 * share),
            "BRIGHTNESS": ImageEnhance.Brightness(image).enhance(factor),
            "COLOUR": ImageEnhance.Color(image).enhance(factor),
            "CONTRAST": ImageEnhance.Contrast(image).enhance(factor),
            "SHARPNESS": ImageEnhance.Sharpness(image).enhance(factor),
            "POSTERIZE": ImageOps.posterize(image, 8 - round(4 * share)),
            "SOLARIZE": ImageOps.solarize(image, 255 * (1 - share)),
            "AUTO_CONTRAST": ImageOps.autocontrast(image),
            "EQUALIZE": ImageOps.equalize(image),
        }
        for name, result in results.items():
            with open("%s/%s.%d.%d" % (folder, name, magnitude, direction), "wb") as file:
                file.write(result.tobytes())
