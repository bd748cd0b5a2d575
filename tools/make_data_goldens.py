#!/usr/bin/env python3
"""Makes tests/golden/data: pictures and pickles as other programs write them, and what Keras and TensorFlow make of them.

usage: make_data_goldens.py     (needs tensorflow-cpu 2.15, h5py and pillow; the files are in git, so that the tests need neither)
"""
import os
import pathlib
import pickle
import shutil

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import h5py
import numpy as np
import tensorflow as tf
from PIL import Image
from tensorflow import keras

GOLDEN = pathlib.Path(__file__).resolve().parent.parent / "tests/golden/data"
METHODS = ["nearest", "bilinear", "bicubic", "area", "lanczos3", "lanczos5", "gaussian", "mitchellcubic"]


def picture(height, width, seed):
    """Something with edges, gradients and noise."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    result = np.stack([np.sin(x / 3 + seed) * 100 + 128, (y * 9 + seed * 40) % 256, (x * y) % 256], -1)
    result[height // 4 : height // 2, width // 4 : width // 2] = rng.integers(0, 256, (height // 2 - height // 4, width // 2 - width // 4, 3))
    return result.astype(np.uint8)


def make_pictures():
    folder = GOLDEN / "pictures"
    folder.mkdir(parents=True)
    rgb = picture(19, 23, 1)
    image = Image.fromarray(rgb)
    grey = image.convert("L")
    alpha = image.copy()
    alpha.putalpha(grey)
    image.save(folder / "rgb_420.jpg", quality=80)
    image.save(folder / "rgb_444.jpg", quality=95, subsampling=0)
    image.save(folder / "progressive.jpg", quality=80, progressive=True)
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees: TensorFlow does not
    image.save(folder / "orientation.jpg", quality=80, exif=exif)
    grey.save(folder / "grey.jpg", quality=80)
    image.convert("CMYK").save(folder / "cmyk.jpg", quality=80)
    image.save(folder / "rgb.png")
    alpha.save(folder / "rgba.png")
    grey.save(folder / "grey.png")
    alpha.convert("LA").save(folder / "grey_alpha.png")
    image.quantize(13).save(folder / "palette.png")
    image.quantize(4).save(folder / "palette_2_bits.png", bits=2)
    image.quantize(7).save(folder / "palette_transparent.png", transparency=2)
    image.convert("1").save(folder / "one_bit.png")
    (folder / "grey_16.png").write_bytes(tf.io.encode_png((rgb[:, :, :1].astype(np.uint16) * 251 + 7)).numpy())
    (folder / "rgb_16.png").write_bytes(tf.io.encode_png(rgb.astype(np.uint16) * 251 + 7).numpy())
    image.save(folder / "rgb.bmp")
    grey.save(folder / "grey.bmp")
    image.quantize(13).save(folder / "palette.bmp")
    image.convert("1").save(folder / "one_bit.bmp")
    alpha.save(folder / "rgba.bmp")
    bottom_up = (folder / "rgb.bmp").read_bytes()
    row = (23 * 24 + 31) // 32 * 4
    rows = [bottom_up[54 + i * row : 54 + (i + 1) * row] for i in range(19)]
    (folder / "top_down.bmp").write_bytes(bottom_up[:22] + (-19).to_bytes(4, "little", signed=True) + bottom_up[26:54] + b"".join(reversed(rows)))
    arrays = {}
    for path in sorted(folder.iterdir()):
        for channels, name in ((3, "rgb"), (1, "grey")):
            try:
                if path.name in ("palette.bmp", "one_bit.bmp"):  # TensorFlow takes the palette's indices for greys, or refuses
                    raise ValueError
                arrays[f"{path.name} {name}"] = tf.io.decode_image(path.read_bytes(), channels=channels, expand_animations=False).numpy()
            except (ValueError, tf.errors.InvalidArgumentError):  # of BMP TensorFlow changes no channels, and CMYK it cannot make grey
                if path.suffix == ".bmp":
                    with Image.open(path) as opened:
                        arrays[f"{path.name} {name}"] = np.array(opened.convert("RGB" if channels == 3 else "L")).reshape(19, 23, channels)
    np.savez_compressed(GOLDEN / "pictures.npz", **arrays)


def make_resized():
    source = picture(13, 17, 2)
    arrays = {"source": source}
    for method in METHODS:
        for height, width in ((7, 5), (13, 17), (20, 31), (6, 40), (1, 1)):
            arrays[f"{method} {height} {width}"] = tf.image.resize(source, (height, width), method=method).numpy().astype(np.float32)
    for height, width in ((8, 8), (5, 20), (20, 5)):
        arrays[f"smart {height} {width}"] = keras.preprocessing.image.smart_resize(tf.constant(source), (height, width)).numpy()
    arrays["crop 6 8"] = keras.layers.CenterCrop(6, 8)(source.astype(np.float32)).numpy()
    np.savez_compressed(GOLDEN / "resized.npz", **arrays)


def make_preprocessed():
    source = np.arange(256 * 3, dtype=np.int64).reshape(16, 16, 3) % 256
    arrays = {"source": source.astype(np.uint8)}
    for mode in ("tf", "caffe", "torch"):
        arrays[mode] = keras.applications.imagenet_utils.preprocess_input(source.astype(np.float32), mode=mode)
    arrays["scale"] = (source / np.float32(255)).astype(np.float32)
    np.savez_compressed(GOLDEN / "preprocessed.npz", **arrays)


def make_folder():
    """Classes and files whose order is easily got wrong, with folders inside a class and files that are no pictures."""
    folder = GOLDEN / "folder"
    names = ["2/b.jpg", "10/a.png", "10/B.png", "10/inner/c.jpg", "10/inner.x/d.bmp", "Zebra/z.JPEG", "apple/10.png", "apple/2.png"]
    for seed, name in enumerate(names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        kind = {"jpg": "JPEG", "JPEG": "JPEG", "png": "PNG", "bmp": "BMP"}[name.rsplit(".", 1)[1]]
        Image.fromarray(picture(9 + seed, 14 - seed, seed)).save(folder / name, kind)
    (folder / "apple/notes.txt").write_text("no picture\n")
    (folder / ".hidden").mkdir()
    (folder / ".hidden/x.png").write_bytes((folder / "apple/2.png").read_bytes())
    arrays = {}
    for name, options in {"bilinear": {}, "cropped": {"crop_to_aspect_ratio": True, "interpolation": "bicubic"}, "grey": {"color_mode": "grayscale"}}.items():
        if name == "grey":  # of BMP TensorFlow makes no grey
            shutil.move(folder / "10/inner.x/d.bmp", GOLDEN / "d.bmp")
        data = keras.utils.image_dataset_from_directory(folder, image_size=(8, 10), shuffle=False, batch_size=16, **options)
        x, labels = next(iter(data))
        arrays[f"{name} x"], arrays[f"{name} labels"] = x.numpy(), labels.numpy()
        print(name, data.class_names, [os.path.relpath(path, folder) for path in data.file_paths])
    shutil.move(GOLDEN / "d.bmp", folder / "10/inner.x/d.bmp")
    np.savez_compressed(GOLDEN / "folder.npz", **arrays)


def make_pickles():
    folder = GOLDEN / "cifar-10-batches-py"
    folder.mkdir()
    data = (np.arange(2 * 3072) * 7 % 256).astype(np.uint8).reshape(2, 3072)
    batch = {b"batch_label": b"testing batch 1 of 1", b"labels": [3, 9], b"data": data, b"filenames": [b"one.png", b"two.png"]}
    for protocol in range(6):
        (GOLDEN / f"protocol_{protocol}.pickle").write_bytes(pickle.dumps(batch, protocol))
    # As Python 2 wrote the files that people have: byte strings of one kind, nothing put in frames.
    (folder / "test_batch").write_bytes(
        b"\x80\x02}q\x01(U\x0bbatch_labelq\x02U\x14testing batch 1 of 1q\x03U\x06labelsq\x04]q\x05(K\x03K\x09eU\x04dataq\x06"
        b"cnumpy.core.multiarray\n_reconstruct\nq\x07cnumpy\nndarray\nq\x08K\x00\x85U\x01b\x87Rq\x09(K\x01K\x02M\x00\x0c\x86"
        b"cnumpy\ndtype\nq\x0aU\x02u1K\x00K\x01\x87Rq\x0b(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89T"
        + (2 * 3072).to_bytes(4, "little") + data.tobytes() + b"tbu.")
    names = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
    (folder / "batches.meta").write_bytes(pickle.dumps({b"num_cases_per_batch": 10000, b"label_names": [n.encode() for n in names], b"num_vis": 3072}, 2))
    check = pickle.loads((folder / "test_batch").read_bytes(), encoding="bytes")
    assert np.array_equal(check[b"data"], data) and check[b"labels"] == [3, 9]


def make_hdf5():
    x = (np.arange(300 * 4 * 3) % 256).astype(np.uint8).reshape(300, 2, 2, 3)
    y = (np.arange(300) % 5).astype(">i4")
    with h5py.File(GOLDEN / "contiguous.h5", "w") as file:
        file["x"], file["y"] = x, y
    with h5py.File(GOLDEN / "chunked.h5", "w") as file:
        file.create_dataset("X_test", data=x.astype(np.float32) / 255, chunks=(7, 2, 2, 3), compression="gzip", shuffle=True)
        file.create_dataset("y_test", data=np.eye(5)[y.astype(int)], chunks=(50, 5))


def main():
    shutil.rmtree(GOLDEN, ignore_errors=True)
    make_pictures()
    make_resized()
    make_preprocessed()
    make_folder()
    make_pickles()
    make_hdf5()


main()
