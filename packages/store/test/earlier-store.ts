import { openEmbedded } from '../src/engine/open-embedded.ts'
import { OWN_PROCESS } from '../src/schema/layout.ts'
import { MIGRATIONS } from '../src/schema/migrations.ts'

/** A store as version `version` left it, with that many flows of four users, in a few parts that were merged. */
export async function makeEarlierStore(path: string, version: number, flows: number): Promise<void> {
  using engine = openEmbedded(path)
  for (const statements of MIGRATIONS.slice(0, version))
    for (const each of statements(OWN_PROCESS)) await engine.define(each)
  await engine.define('CREATE TABLE schema_version (version UInt32) ENGINE = MergeTree ORDER BY version')
  await engine.define(`INSERT INTO schema_version VALUES (${version})`)
  const parts = 4
  for (let part = 0; part < parts; part++)
    await engine.fill(`INSERT INTO flows (time, batch, seq, user, app, dst, names, country, verdict, facts)
      SELECT addMonths(toDateTime64('2026-10-01 00:00:00', 3, 'UTC') + n % 86400, -${part}), 'batch-${part}', number, concat('user', toString(n % 4)),
        concat('/usr/bin/', toString(n % 50)), toIPv6('::ffff:192.0.2.7'), [concat('host-', toString(n % 300), '.example')], 'DE',
        if(n % 10 = 0, 'deny', 'allow'), '{}'
      FROM (SELECT number, number * ${parts} + ${part} AS n FROM numbers(${flows / parts}))`)
  await engine.define('OPTIMIZE TABLE flows FINAL')
}
