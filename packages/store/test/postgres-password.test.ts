import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { parsePostgresUrl } from '../src/index.ts'
import { postgresPassword } from '../src/state/postgres-password.ts'

test('a password file is read as PostgreSQL reads it: the first line that fits, wildcards, escapes, comments', async (context) => {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-pgpass-'))
  context.after(() => rmSync(directory, { recursive: true }))
  const PGPASSFILE = join(directory, 'pgpass')
  const lines = [
    '# db.example:*:*:*:no',
    'db.example:5432:a:ann:o\\:n\\\\e',
    'db.example:5432:a:ann:two',
    'localhost:*:a:*:three',
  ]
  writeFileSync(PGPASSFILE, `${lines.join('\n')}\n`, { mode: 0o600 })
  const password = (url: string) => postgresPassword(parsePostgresUrl(url), { PGPASSFILE })
  assert.equal(await password('postgres://ann@db.example/a'), 'o:n\\e')
  assert.equal(await password('postgres:///a?host=/run/postgresql&user=bob'), 'three')
  for (const url of ['postgres://bob@db.example/a', 'postgres://ann@db.example/b', 'postgres://ann@db.example:5433/a'])
    assert.equal(await password(url), null)
})
