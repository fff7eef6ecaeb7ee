// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The workloads in sharp (node; NODE_PATH finds it). Threads as ours, not its default of one; Huffman tables as everybody's (its default optimises them).
'use strict'
const fs = require('fs')
const os = require('os')
const sharp = require('sharp')

const threads = +process.env.BENCH_THREADS || os.cpus().length
sharp.concurrency(threads)
sharp.cache(false)
const jpeg = { quality: 85, optimiseCoding: false }
const open = { limitInputPixels: false, sequentialRead: true }
const inside = { fit: 'inside' }
const [name, folder, out] = process.argv.slice(2)
const photo = (file, o) => sharp(`${folder}/${file}`, o || open)
const save = (image) => image.jpeg(jpeg).toFile(`${out}/sharp.jpg`)
const png = (compressionLevel) => photo('p100.png').resize(3000, 2125)
  .png({ compressionLevel, adaptiveFiltering: true }).toFile(`${out}/sharp.png`)
const part = { left: 4100, top: 2900, width: 3800, height: 2700 }
const turn = [Math.cos(33 * Math.PI / 180), Math.sin(33 * Math.PI / 180)]
const rotate = (image) => image.affine([[turn[0], turn[1]], [-turn[1], turn[0]]], { interpolator: 'bilinear' })

const works = {
  w1: () => save(sharp(`${folder}/p12.jpg`).resize(256, 256, inside)),
  w2: () => save(photo('p12.jpg').resize(2000, 1500, { fastShrinkOnLoad: false })),
  w3: async () => {   // one pipeline cannot hold a picture and a part of it: it is decoded twice
    const input = await photo('p100.jpg').extract(part).blur({ sigma: 3, minAmplitude: 0.012 }).raw().toBuffer()
    const raw = { width: part.width, height: part.height, channels: 3 }
    await save(photo('p100.jpg').composite([{ input, raw, left: part.left, top: part.top }]))
  },
  'w4-6': () => png(6),
  'w4-1': () => png(1),
  w6: () => save(rotate(sharp(`${folder}/p12.jpg`))),
  w8: async () => {
    sharp.concurrency(1)
    let next = 0
    const worker = async () => {
      while (next < 200) {
        const i = String(next++).padStart(3, '0')
        await photo(`small/${i}.jpg`).resize(512, 512, inside).jpeg(jpeg).toFile(`${out}/sharp-${i}.jpg`)
      }
    }
    await Promise.all(Array.from({ length: threads }, worker))
  },
  w11: () => save(photo('a4.png').resize(1024).flatten({ background: '#fff' })),
}

const kernels = {
  'k-resize': (image) => image.resize(2000, 1500),
  'k-resize25': (image) => image.resize(1000, 750),
  'k-gauss': (image) => image.blur({ sigma: 3, minAmplitude: 0.012 }),
  'k-rotate': rotate,
  'k-gray': (image) => image.toColourspace('b-w'),
  'k-invert': (image) => image.negate(),
}

const now = () => [performance.now(), process.cpuUsage()]
const since = ([wall, cpu]) => {
  const c = process.cpuUsage(cpu)
  return [performance.now() - wall, (c.user + c.system) / 1e3]
}
const median = (values) => values.sort((a, b) => a - b)[values.length >> 1]
const print = (wall, cpu) => console.log(`ms ${wall.toFixed(2)} cpu ${cpu.toFixed(2)}`)

async function kernel (of) {
  const raw = { width: 4000, height: 3000, channels: 3 }
  const rgb = fs.readFileSync(`${folder}/p12.ppm`).subarray(-36000000)
  const times = []
  let made
  for (let i = -1; i < 9; i++) {
    const start = now()
    made = await of(sharp(rgb, { raw })).raw().toBuffer()
    if (i >= 0) times.push(since(start))
  }
  print(median(times.map((t) => t[0])), median(times.map((t) => t[1])))
  fs.writeFileSync(`${out}/sharp.${name}.raw`, made)
}

async function main () {
  if (name === 'version') return console.log(`sharp ${sharp.versions.sharp} (libvips ${sharp.versions.vips})`)
  if (name in kernels) return kernel(kernels[name])
  if (!(name in works)) process.exit(2)
  const start = now()
  await works[name]()
  print(...since(start))
}
main().catch((e) => { console.error(e); process.exit(1) })
