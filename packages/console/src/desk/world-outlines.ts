import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import * as z from 'zod'

/** Outlines of countries as SVG paths, by ISO 3166-1 alpha-2. */
type WorldOutlines = {
  readonly width: number
  readonly height: number
  readonly countries: Readonly<Record<string, string>>
}

const Point = z.tuple([z.number(), z.number()])
const Ring = z.array(z.int())
const Country = z.discriminatedUnion('type', [
  z.object({ type: z.literal('Polygon'), id: z.string().optional(), arcs: z.array(Ring) }),
  z.object({ type: z.literal('MultiPolygon'), id: z.string().optional(), arcs: z.array(z.array(Ring)) }),
])
const Topology = z.object({
  transform: z.object({ scale: Point, translate: Point }),
  arcs: z.array(z.array(Point)),
  objects: z.object({ countries: z.object({ geometries: z.array(Country) }) }),
})
type Point = z.output<typeof Point>

const WIDTH = 1000
/** Antarctica is left out: nothing is sent there, and it takes a sixth of the picture. */
const NORTH = 84
const SOUTH = -57
const ANTARCTICA = '010'

/** From Natural Earth's outlines at 1:110 million, which are in the public domain. */
export function readWorldOutlines(): WorldOutlines {
  const file = fileURLToPath(import.meta.resolve('world-atlas/countries-110m.json'))
  const { transform, arcs, objects } = Topology.parse(JSON.parse(readFileSync(file, 'utf8')))
  const lines = arcs.map((arc) => absolute(arc).map((point) => project(point, transform)))
  const countries: Record<string, string> = {}
  for (const { id, ...shape } of objects.countries.geometries) {
    const code = id === undefined || id === ANTARCTICA ? null : alpha2(id)
    if (code === null) continue
    const rings = shape.type === 'Polygon' ? shape.arcs : shape.arcs.flat()
    countries[code] = rings.map((ring) => ringPath(ring, lines)).join('')
  }
  return { width: WIDTH, height: Math.round(((NORTH - SOUTH) / 360) * WIDTH), countries }
}

/** Points of a TopoJSON arc are steps from the point before. */
function absolute(arc: readonly Point[]): readonly Point[] {
  let [x, y] = [0, 0]
  return arc.map(([dx, dy]) => [(x += dx), (y += dy)])
}

/** Equirectangular: longitude and latitude are right and down. */
function project([x, y]: Point, { scale, translate }: z.output<typeof Topology>['transform']): Point {
  const [longitude, latitude] = [x * scale[0] + translate[0], y * scale[1] + translate[1]]
  return [tenths(((longitude + 180) / 360) * WIDTH), tenths(((NORTH - latitude) / 360) * WIDTH)]
}

function tenths(value: number): number {
  return Math.round(value * 10) / 10
}

/** A negative index is the arc of its complement, backwards. Arcs of a ring share their end points. */
function ringPath(ring: readonly number[], lines: readonly (readonly Point[])[]): string {
  const points = ring.flatMap((index, at) => {
    const line = index < 0 ? lines[~index]!.toReversed() : lines[index]!
    return at === 0 ? line : line.slice(1)
  })
  const whole = unwrapped(points)
  const xs = whole.map(([x]) => x)
  // What lies beyond one edge is drawn once more, where it comes in at the other.
  const shifts = [0, ...(Math.max(...xs) > WIDTH ? [-WIDTH] : []), ...(Math.min(...xs) < 0 ? [WIDTH] : [])]
  return shifts.map((shift) => path(whole.map(([x, y]) => [x + shift, y]))).join('')
}

/** A ring over the date line goes on beyond the edge instead of back across the whole map. */
function unwrapped(points: readonly Point[]): readonly Point[] {
  let turns = 0
  return points.map(([x, y], at) => {
    const step = at === 0 ? 0 : x - points[at - 1]![0]
    if (Math.abs(step) > WIDTH / 2) turns -= Math.sign(step)
    return [x + turns * WIDTH, y]
  })
}

function path(points: readonly Point[]): string {
  const kept = points.filter(([x, y], at) => at === 0 || x !== points[at - 1]![0] || y !== points[at - 1]![1])
  return `M${kept.map(([x, y]) => `${tenths(x)},${y}`).join('L')}Z`
}

/** Of a numeric code of ISO 3166-1, by Unicode's aliases of territories. */
function alpha2(numeric: string): string | null {
  const { region } = new Intl.Locale(`und-${numeric}`)
  return region !== undefined && /^[A-Z]{2}$/.test(region) ? region : null
}
