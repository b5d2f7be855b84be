/** Numbers and times as a person reads them. */
export function count(value: number): string {
  return value.toLocaleString('en')
}

export function bytes(value: number | null | undefined): string {
  if (value === null || value === undefined) return ''
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let [size, unit] = [value, 0]
  while (size >= 1000 && unit < units.length - 1) [size, unit] = [size / 1000, unit + 1]
  return `${size >= 100 || unit === 0 ? Math.round(size) : size.toFixed(1)} ${units[unit]}`
}

export function time(value: string | number): string {
  const date = new Date(value)
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${clock(value)}`
}

/** To the minute: what was seen over days. */
export function minute(value: string | number): string {
  return time(value).slice(0, -3)
}

/** How long something took or takes, in the largest units that say it. */
export function duration(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`
  const seconds = Math.round(milliseconds / 1000)
  if (seconds < 120) return `${seconds} s`
  if (seconds < 7200) return `${round(seconds / 60)} min`
  return seconds < 172_800 ? `${round(seconds / 3600)} h` : `${round(seconds / 86_400)} days`
}

/** A number as one reads it: no more digits than it is worth. */
export function round(value: number): string {
  return value.toLocaleString('en', { maximumFractionDigits: Math.abs(value) < 10 ? 2 : Math.abs(value) < 100 ? 1 : 0 })
}

/** `usualBytesOut` as `usual bytes out`. */
export function words(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
}

const NAME_LENGTH = 60

/** A long name without its middle: whose it is stands at the end of a name, what it is at the end of a path. */
export function shortened(name: string): string {
  return name.length <= NAME_LENGTH ? name : `${name.slice(0, 17)}…${name.slice(-(NAME_LENGTH - 18))}`
}

export function hour(value: number): string {
  return `${two(new Date(value).getHours())}:00`
}

export function clock(value: string | number): string {
  const date = new Date(value)
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':')
}

function two(value: number): string {
  return String(value).padStart(2, '0')
}

/** IPv4-mapped addresses as IPv4. */
export function destination(key: string): string {
  return key.replace(/^::ffff:(?=\d)/, '')
}
