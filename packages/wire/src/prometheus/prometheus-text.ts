export type Metric = {
  readonly name: string
  readonly labels?: Readonly<Record<string, string>>
  readonly help: string
}

export type Sample = {
  readonly metric: Metric
  readonly value: number
  /** `counter` unless given. */
  readonly type?: 'counter' | 'gauge'
}

/** Prometheus text format 0.0.4. Samples of one name stand together. */
export function prometheusText(samples: Iterable<Sample>): string {
  const lines: string[] = []
  let family = ''
  for (const { metric, value, type = 'counter' } of samples) {
    const { name, labels, help } = metric
    if (name !== family) lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`)
    family = name
    const shown = Object.entries(labels ?? {}).map(([key, text]) => `${key}="${text}"`)
    lines.push(`${name}${shown.length > 0 ? `{${shown.join(',')}}` : ''} ${value}`)
  }
  return `${lines.join('\n')}\n`
}
