import type { Direction, StreamRecogniser } from '../identify/recogniser.ts'
import { recogniseHttp2, recogniseHttp2Server } from '../http/recognise-http2.ts'
import { webSocketText } from '../http/recognise-websocket.ts'
import { recogniseTextMessage } from '../http/recognise-text-message.ts'
import { recogniseTls } from '../tls/recognise-tls.ts'
import { recogniseKerberosStream, recogniseLdap } from './asn1.ts'
import { amqp } from './amqp.ts'
import {
  kafka,
  mongodb,
  mysql,
  mysqlClient,
  postgres,
  postgresServer,
  redis,
  tdsClient,
  tdsServer,
} from './databases.ts'
import { elasticsearchTransport } from './elasticsearch.ts'
import { dnsStream, openvpnStream, snmpStream, stunStream } from './framed-datagrams.ts'
import { bittorrent, ike, rdp, smb, socks4, socks5, ssh, telnet, tor, vnc, xmpp } from './greetings.ts'
import { ftpClient, imapClient, imapServer, ircClient, popClient, popServer, replyServer, smtpClient } from './mail.ts'
import { mqtt } from './mqtt.ts'
import { syslogStream } from './syslog.ts'

const tls: StreamRecogniser = ({ bytes, ciphers }) => recogniseTls(bytes, ciphers)
const text: StreamRecogniser = ({ bytes, previousLength, previous }) =>
  recogniseTextMessage(bytes, previousLength, previous)

/** In the order of their say: magic words first, structures with little redundancy last. */
export const STREAM_RECOGNISERS: Readonly<Record<Direction, readonly StreamRecogniser[]>> = {
  client: [
    tls,
    ({ bytes }) => recogniseHttp2(bytes),
    ssh,
    smtpClient,
    ftpClient,
    popClient,
    imapClient,
    ircClient,
    xmpp,
    redis,
    text,
    smb,
    rdp,
    bittorrent,
    amqp,
    ike,
    elasticsearchTransport,
    vnc,
    mqtt,
    telnet,
    tor,
    postgres,
    mysqlClient,
    tdsClient,
    recogniseLdap,
    snmpStream,
    recogniseKerberosStream,
    // A client of SOCKS waits after its few octets: what needs more to be told comes later.
    socks4,
    socks5,
    stunStream,
    dnsStream,
    mongodb,
    kafka,
    openvpnStream,
    syslogStream,
    webSocketText,
  ],
  server: [
    tls,
    ssh,
    replyServer,
    popServer,
    imapServer,
    xmpp,
    text,
    vnc,
    mysql,
    telnet,
    smb,
    rdp,
    bittorrent,
    amqp,
    elasticsearchTransport,
    postgresServer,
    mqtt,
    tdsServer,
    mongodb,
    recogniseLdap,
    snmpStream,
    recogniseKerberosStream,
    stunStream,
    dnsStream,
    openvpnStream,
    webSocketText,
    ({ bytes }) => recogniseHttp2Server(bytes),
  ],
}
