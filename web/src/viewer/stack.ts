/**
 * Images on the screen, by Cornerstone3D.
 *
 * Each pane is a stack viewport that is handed one image after the other. Cornerstone draws with the
 * graphics card where there is one, and in plain canvas where WebGL would be emulated: reading rooms
 * have both. All planes and slabs are plain images to it, made in `volume.ts`.
 */

import {
  Enums,
  RenderingEngine,
  cache,
  getRenderingCapabilities,
  imageLoader,
  init,
  metaData,
  setUseCPURendering,
  type StackViewport,
  type Types,
} from "@cornerstonejs/core";

import type { PlaneSize } from "./geometry";
import { squareRows, withSquarePixels } from "./isotropic";

export type Window = { center: number; width: number };
/** Where a pane looks: middle in pixels of the image, and mm of the patient per pixel of the screen. */
export type Look = { u: number; v: number; mmPerPixel: number };

type PlaneModule = Record<string, unknown>;

const planes = new Map<string, PlaneModule>();
const images = new Map<string, Types.IImage>();
let engine: RenderingEngine | null = null;
let made = 0;

export function startStack(): RenderingEngine {
  if (engine) return engine;
  init();
  const found = getRenderingCapabilities();
  if (!found.webgl || found.softwareRasterizer) setUseCPURendering(true);
  imageLoader.registerImageLoader("corcal", (id) => ({
    promise: Promise.resolve(images.get(id) as Types.IImage),
  }));
  metaData.addProvider((type: string, id: string) => {
    if (typeof id !== "string" || !id.startsWith("corcal:")) return undefined;
    switch (type) {
      case "imagePlaneModule":
        return planes.get(id);
      case "imagePixelModule":
        return {
          samplesPerPixel: 1,
          photometricInterpretation: "MONOCHROME2",
          bitsAllocated: 16,
          bitsStored: 16,
          highBit: 15,
          pixelRepresentation: 1,
        };
      case "generalSeriesModule":
        return { modality: "CT" };
      default:
        return undefined;
    }
  }, 10_000);
  engine = new RenderingEngine("corcal");
  return engine;
}

/** One pane. Its coordinates are pixels of the image; whole numbers are pixel centres. */
export class StackPane {
  private readonly id: string;
  private readonly imageId: string;
  private readonly viewport: StackViewport;
  private readonly square: PlaneSize;
  private readonly shiftMm: number;
  private image: Types.IImage;
  private window: Window;
  private look: Look;
  private isReady = false;
  private isGone = false;
  private pending = false;
  onDrawn: () => void = () => {};

  constructor(
    private readonly element: HTMLDivElement,
    private readonly size: PlaneSize,
    pixels: Int16Array,
    window: Window,
  ) {
    const rows = squareRows(size);
    const pixelHeight = (size.height * size.pixelHeight) / rows;
    this.square = { ...size, height: rows, pixelHeight };
    // the middle of the first row lies elsewhere once rows are lower
    this.shiftMm = (size.pixelHeight - pixelHeight) / 2;
    made += 1;
    this.id = `pane-${made}`;
    this.imageId = `corcal:${this.id}`;
    this.window = window;
    this.look = this.fitting();
    planes.set(this.imageId, planeModule(this.square, this.imageId));
    this.image = this.imageOf(pixels);
    images.set(this.imageId, this.image);
    const renderer = startStack();
    renderer.enableElement({
      viewportId: this.id,
      element,
      type: Enums.ViewportType.STACK,
      defaultOptions: { background: [0, 0, 0] },
    });
    this.viewport = renderer.getViewport(this.id) as StackViewport;
    this.element.addEventListener(Enums.Events.IMAGE_RENDERED, this.drawn);
    void this.viewport.setStack([this.imageId]).then(() => {
      if (this.isGone) return;
      this.isReady = true;
      this.viewport.renderImageObject(this.image);
      this.refresh();
    });
  }

  private readonly drawn = (): void => this.onDrawn();

  private imageOf(pixels: Int16Array): Types.IImage {
    return imageOf(this.imageId, this.square, withSquarePixels(pixels, this.size));
  }

  /** Shows other pixels of the same size; whether `onDrawn` is to come. */
  show(pixels: Int16Array): boolean {
    this.image = this.imageOf(pixels);
    images.set(this.imageId, this.image);
    if (!this.isReady) return false;
    this.viewport.renderImageObject(this.image);
    this.refresh();
    return true;
  }

  setWindow(window: Window): void {
    this.window = window;
    this.refresh();
  }

  setLook(look: Look): void {
    this.look = look;
    this.refresh();
  }

  /** The look that shows the whole image. */
  fitting(): Look {
    const width = Math.max(this.element.clientWidth, 1);
    const height = Math.max(this.element.clientHeight, 1);
    const { size } = this;
    return {
      u: (size.width - 1) / 2,
      v: (size.height - 1) / 2,
      mmPerPixel: Math.max(
        (size.width * size.pixelWidth) / width,
        (size.height * size.pixelHeight) / height,
      ),
    };
  }

  resized(): void {
    if (this.isGone) return;
    engine?.resize(true, true);
    this.refresh();
  }

  /** Pixel of the screen (of the pane) to pixel of the image. */
  toImage(px: number, py: number): { u: number; v: number } {
    const { u, v, mmPerPixel } = this.look;
    return {
      u: u + ((px - this.element.clientWidth / 2) * mmPerPixel) / this.size.pixelWidth,
      v: v + ((py - this.element.clientHeight / 2) * mmPerPixel) / this.size.pixelHeight,
    };
  }

  /** The affine from image to screen: scale and shift in each direction. */
  toScreen(): { ax: number; bx: number; ay: number; by: number } {
    const { u, v, mmPerPixel } = this.look;
    const ax = this.size.pixelWidth / mmPerPixel;
    const ay = this.size.pixelHeight / mmPerPixel;
    return {
      ax,
      bx: this.element.clientWidth / 2 - u * ax,
      ay,
      by: this.element.clientHeight / 2 - v * ay,
    };
  }

  destroy(): void {
    this.isGone = true;
    this.element.removeEventListener(Enums.Events.IMAGE_RENDERED, this.drawn);
    engine?.disableElement(this.id);
    planes.delete(this.imageId);
    images.delete(this.imageId);
    if (cache.getImageLoadObject(this.imageId)) cache.removeImageLoadObject(this.imageId, { force: true });
  }

  /** Brings window and camera in force, once per frame however many changes there were. */
  private refresh(): void {
    if (!this.isReady || this.pending) return;
    this.pending = true;
    requestAnimationFrame(() => {
      this.pending = false;
      if (this.isGone || this.element.clientHeight === 0) return;
      const { center, width } = this.window;
      this.viewport.setProperties({
        voiRange: { lower: center - width / 2, upper: center + width / 2 },
      });
      const x = this.look.u * this.size.pixelWidth;
      const y = this.look.v * this.size.pixelHeight + this.shiftMm;
      this.viewport.setCamera({
        parallelScale: (this.element.clientHeight * this.look.mmPerPixel) / 2,
        focalPoint: [x, y, 0],
        position: [x, y, -500],
        viewUp: [0, -1, 0],
        viewPlaneNormal: [0, 0, -1],
      });
      this.viewport.render();
    });
  }

  /** Where Cornerstone draws a pixel: for the test that both agree. */
  drawnAt(u: number, v: number): [number, number] {
    const [x, y] = this.viewport.worldToCanvas([
      u * this.size.pixelWidth,
      v * this.size.pixelHeight + this.shiftMm,
      0,
    ]);
    return [x, y];
  }
}

function planeModule(size: PlaneSize, id: string): PlaneModule {
  return {
    frameOfReferenceUID: id,
    rows: size.height,
    columns: size.width,
    imageOrientationPatient: [1, 0, 0, 0, 1, 0],
    rowCosines: [1, 0, 0],
    columnCosines: [0, 1, 0],
    imagePositionPatient: [0, 0, 0],
    sliceThickness: 1,
    sliceLocation: 0,
    pixelSpacing: [size.pixelHeight, size.pixelWidth],
    rowPixelSpacing: size.pixelHeight,
    columnPixelSpacing: size.pixelWidth,
  };
}

function imageOf(imageId: string, size: PlaneSize, pixels: Int16Array): Types.IImage {
  let low = 32767;
  let high = -32768;
  for (const value of pixels) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return {
    imageId,
    minPixelValue: low,
    maxPixelValue: high,
    slope: 1,
    intercept: 0,
    windowCenter: 40,
    windowWidth: 400,
    voiLUTFunction: Enums.VOILUTFunctionType.LINEAR,
    getPixelData: () => pixels,
    getCanvas: () => document.createElement("canvas"),
    rows: size.height,
    columns: size.width,
    height: size.height,
    width: size.width,
    color: false,
    rgba: false,
    numberOfComponents: 1,
    columnPixelSpacing: size.pixelWidth,
    rowPixelSpacing: size.pixelHeight,
    invert: false,
    photometricInterpretation: "MONOCHROME2",
    sizeInBytes: pixels.byteLength,
    dataType: "Int16Array",
    voxelManager: {
      getScalarData: () => pixels,
      getScalarDataLength: () => pixels.length,
      numberOfComponents: 1,
      getConstructor: () => Int16Array,
    },
  } as unknown as Types.IImage;
}
