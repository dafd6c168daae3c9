// The shapes of what the modules of /live/ hand to each other. Types only: nothing runs here.

/**
 * @typedef {object} Pixels A picture: four bytes for each pixel, red, green, blue and alpha.
 * @property {number} width
 * @property {number} height
 * @property {Uint8ClampedArray | Uint8Array} data
 *
 * @typedef {object} Rgb A picture: three bytes for each pixel.
 * @property {number} width
 * @property {number} height
 * @property {Uint8Array} data
 *
 * @typedef {[number, number]} Point
 *
 * @typedef {object} Box In pixels of the frame; x and y are the top left corner.
 * @property {number} x
 * @property {number} y
 * @property {number} width
 * @property {number} height
 *
 * @typedef {object} Detection A face: see ml.types.FaceDetection.
 * @property {Box} box
 * @property {Point[]} landmarks
 * @property {number} score
 * @property {number} outside
 * @property {boolean} upright
 * @property {number} scale of the frame where it was seen
 * @property {number} pass that saw it, of the passes for faces that fill the frame; -1 for none
 *
 * @typedef {object} Face A face with its expression; probabilities in the order of the emotions.
 * @property {Box} box
 * @property {number} score
 * @property {number[]} probabilities
 * @property {string} emotion
 * @property {number} confidence
 * @property {boolean} uncertain
 * @property {string[]} flags
 *
 * @typedef {object} DetectorConstants
 * @property {string} input
 * @property {string[]} outputs
 * @property {number} stride
 * @property {number} multiple
 * @property {number} threshold
 * @property {number} faint
 * @property {number} trace
 * @property {number} largeShare
 * @property {number} nmsIou
 * @property {number} maxShared
 * @property {number} nearEdge
 * @property {number} maxRoll
 * @property {number} maxWidth
 *
 * @typedef {object} CloserConstants Of the looks that follow the first pass.
 * @property {number} clearSize
 * @property {number} traceSize
 * @property {number} side
 * @property {number} wholeShare
 * @property {number} wholeSide
 * @property {number} last
 * @property {number} far
 * @property {[number, number][]} passes side of the frame and of the wall
 * @property {number} brightPercentile
 * @property {number} bright
 * @property {number} maxGain
 *
 * @typedef {object} CropConstants
 * @property {number} size
 * @property {number} sidePerSize
 * @property {number} rise
 *
 * @typedef {object} ClassifierConstants
 * @property {string} head
 * @property {number} mirrorBelow
 * @property {boolean} softening
 * @property {number} temperature
 * @property {number[]} bias
 * @property {number} uncertainThreshold
 *
 * @typedef {object} QualityConstants
 * @property {string[]} flags
 * @property {string[]} unreadable
 * @property {string[]} doubts
 * @property {number} smallestFace
 * @property {number} minSharpness
 * @property {number} maxTurn
 * @property {number} eyesCovered
 * @property {number} mouthCovered
 * @property {number} minScore
 * @property {[number, number][]} maxDoubt
 * @property {number} maxOutside
 *
 * @typedef {object} Constants What ml.browser.constants tells.
 * @property {string} version
 * @property {string[]} emotions
 * @property {number} frameSide
 * @property {number} detectionScale
 * @property {number} slowDetectionScale
 * @property {DetectorConstants} detector
 * @property {CloserConstants} closer
 * @property {CropConstants} crop
 * @property {ClassifierConstants} classifier
 * @property {QualityConstants} quality
 *
 * @typedef {object} Addresses Where the worker loads the networks and their runtime from.
 * @property {string} runtime
 * @property {string} mjs
 * @property {string} wasm
 * @property {string} detector
 * @property {string} expression
 * @property {string} check
 */

export {};
