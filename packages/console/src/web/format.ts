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
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${clock(date)}`
}

export function hour(value: number): string {
  return `${two(new Date(value).getHours())}:00`
}

function clock(date: Date): string {
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':')
}

function two(value: number): string {
  return String(value).padStart(2, '0')
}

/** IPv4-mapped addresses as IPv4. */
export function destination(key: string): string {
  return key.replace(/^::ffff:(?=\d)/, '')
}
