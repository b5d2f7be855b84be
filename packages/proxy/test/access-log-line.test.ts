import assert from 'node:assert/strict'
import { test } from 'node:test'
import { accessLogLine } from '@sallyport/proxy'
import { startLab, startUpstream } from './lab.fixture.ts'

test('the combined format has what was asked, and a dash where nothing was', async () => {
  await using upstream = await startUpstream()
  await using lab = await startLab()
  const authority = `up.example.com:${upstream.port}`
  await lab.send(`GET http://${authority}/a?secret HTTP/1.1\r\nHost: ${authority}\r\nUser-Agent: "x"\r\n\r\n`)
  await lab.send('GET\r\n\r\n')
  await lab.recorded(2)
  const [asked, nothing] = lab.records.map((record) => accessLogLine(record, 'combined'))
  const time = /\[\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000\]/.source
  const line = new RegExp(
    `^127\\.0\\.0\\.1 - - ${time} "GET http://${authority}/a HTTP/1\\.1" 200 \\d+ "-" "\\\\"x\\\\""$`,
  )
  assert.match(asked!, line)
  assert.match(nothing!, new RegExp(`^127\\.0\\.0\\.1 - - ${time} "-" 400 \\d+ "-" "-"$`))
})
