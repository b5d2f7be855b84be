import type { Layer } from '@sallyport/policy'

/** A layer without where it was written, which a copy of it does not share. */
export function withoutPositions(layer: Layer): unknown {
  return JSON.parse(
    JSON.stringify(layer, (key, value: unknown) => (key === 'position' || key === 'file' ? undefined : value)),
  )
}
