import { fact, service, web, type Service } from './service.ts'

export const COLLABORATION: Readonly<Record<string, Service>> = {
  slack: service(
    'Slack',
    fact('https://slack.com/help/articles/360001603387', {
      domains:
        '.slack.com .slack-edge.com .slack-imgs.com .slack-files.com .slackb.com .slack-msgs.com .slack-core.com .slack-redir.net',
    }),
    // Huddles run on Amazon Chime.
    fact('https://slack.com/help/articles/36284146785427', {
      domains: '*.chime.aws',
      prefixes: '99.77.128.0/18',
      ports: 'tcp/443 udp/22466',
    }),
  ),
  zoom: service(
    'Zoom',
    fact('https://support.zoom.com/hc/en/article?id=zm_kb&sysparm_article=KB0060561', {
      domains: '.zoom.us .zoom.com',
      ports: 'tcp/80 tcp/443 udp/443',
    }),
    fact('https://support.zoom.com/hc/en/article?id=zm_kb&sysparm_article=KB0060548', {
      domains: '.zoom.us .zoom.com .zoomgov.com',
      prefixes: `3.235.69.0/25 3.235.71.128/25 3.235.72.128/25 3.235.73.0/25 3.235.82.0/23 3.235.96.0/23 8.5.128.0/23
        50.239.202.0/23 50.239.204.0/24 64.125.62.0/24 64.211.144.0/24 64.224.32.0/19 65.39.152.0/24 69.174.57.0/24
        69.174.108.0/22 99.79.20.0/25 101.36.167.0/24 103.122.166.0/23 111.33.115.0/25 115.110.154.192/26 115.114.56.192/26
        115.114.115.0/26 115.114.131.0/26 120.29.148.0/24 134.224.0.0/16 137.66.128.0/17 144.195.0.0/16 147.124.96.0/19
        149.137.0.0/17 156.45.0.0/17 159.124.0.0/16 160.1.56.128/25 161.199.136.0/22 162.12.232.0/22 162.255.36.0/22
        165.254.88.0/23 166.108.64.0/18 168.138.16.0/22 170.114.0.0/16 173.231.80.0/20 192.204.12.0/22 198.251.128.0/17
        202.177.207.128/27 203.200.219.128/27 204.80.104.0/21 204.141.28.0/22 206.247.0.0/16 207.226.132.0/24
        209.9.211.0/24 209.9.215.0/24 213.19.144.0/24 213.19.153.0/24 213.244.140.0/24 221.122.63.0/24 221.122.88.64/27
        221.122.88.128/25 221.122.89.128/25 221.123.139.192/27 2620:123:2000::/40`,
      ports: 'tcp/443 tcp/8801-8802 udp/3478-3479 udp/8801-8810',
    }),
  ),
  webex: service(
    'Webex',
    fact('https://help.webex.com/article/WBX000028782', {
      domains: '.webex.com .wbx2.com .ciscospark.com .webexcontent.com .webexapis.com .activate.cisco.com',
      prefixes: `23.89.0.0/16 62.109.192.0/18 64.68.96.0/19 66.114.160.0/20 66.163.32.0/19 69.26.160.0/19 114.29.192.0/19
        144.196.0.0/16 150.253.128.0/17 163.129.0.0/16 170.72.0.0/16 170.133.128.0/18 173.39.224.0/19 173.243.0.0/20
        207.182.160.0/19 209.197.192.0/19 210.4.192.0/20 216.151.128.0/19`,
      ports: 'tcp/443 tcp/444 udp/443 udp/5004 udp/9000 tcp/5004',
    }),
  ),
  atlassian: service(
    'Atlassian',
    fact(
      'https://support.atlassian.com/organization-administration/docs/ip-addresses-and-domains-for-atlassian-cloud-products/',
      {
        domains:
          '.atlassian.com .atlassian.net .bitbucket.org .trello.com .statuspage.io .atl-paas.net .jira.com .ss-inf.net',
      },
    ),
    fact('https://ip-ranges.atlassian.com/', { prefixes: '104.192.136.0/21 185.166.140.0/22' }),
  ),
  notion: web('Notion', '.notion.so .notion.com', 'https://www.notion.com/help'),
  asana: web('Asana', '.asana.com .asana.biz', 'https://help.asana.com'),
  monday: web('monday.com', '.monday.com', 'https://support.monday.com/hc/en-us/articles/360019277179'),
  clickup: web('ClickUp', '.clickup.com', 'https://help.clickup.com'),
  smartsheet: web('Smartsheet', '.smartsheet.com', 'https://help.smartsheet.com/articles/2482480'),
  airtable: web('Airtable', '.airtable.com .airtableusercontent.com', 'https://support.airtable.com'),
  miro: web(
    'Miro',
    '.miro.com .realtimeboard.com .mirostatic.com',
    'https://help.miro.com/hc/en-us/articles/360017571434',
  ),
  figma: web('Figma', '.figma.com', 'https://help.figma.com'),
  canva: web('Canva', '.canva.com .canva.cn', 'https://www.canva.com/help'),
  linear: web('Linear', '.linear.app', 'https://linear.app/docs'),
  dropbox: web(
    'Dropbox',
    `.dropbox.com .dropboxapi.com .dropboxstatic.com .dropboxusercontent.com .db.tt .getdropbox.com .dropboxbusiness.com
      .dropboxcaptcha.com .docsend.com .dash.ai`,
    'https://help.dropbox.com/security/official-domains',
  ),
  box: web(
    'Box',
    '.box.com .box.net .boxcdn.net .boxcloud.com',
    'https://support.box.com/hc/en-us/articles/360044194873',
  ),
  egnyte: web('Egnyte', '.egnyte.com', 'https://helpdesk.egnyte.com'),
  docusign: web('Docusign', '.docusign.com .docusign.net', 'https://support.docusign.com'),
  adobe: web(
    'Adobe Creative Cloud',
    '.adobe.com .adobe.io .adobelogin.com .adobess.com .typekit.net .behance.net',
    'https://helpx.adobe.com/enterprise/kb/network-endpoints.html',
  ),
  calendly: web('Calendly', '.calendly.com', 'https://calendly.com/help'),
  loom: web('Loom', '.loom.com', 'https://support.loom.com'),
  ringcentral: web('RingCentral', '.ringcentral.com', 'https://support.ringcentral.com/article-v2/9233.html'),
  'goto-meeting': web(
    'GoTo',
    '.goto.com .gotomeeting.com .logmein.com .getgo.com .gotowebinar.com',
    'https://support.goto.com/connect/help/allowlisting-and-firewall-configuration',
  ),
  discord: web(
    'Discord',
    '.discord.com .discord.gg .discordapp.com .discordapp.net .discord.media',
    'https://discord.com/developers/docs',
    'udp/50000-65535',
  ),
  whatsapp: web(
    'WhatsApp',
    '.whatsapp.com .whatsapp.net wa.me',
    'https://faq.whatsapp.com',
    'tcp/80 tcp/4244 tcp/5222-5223 tcp/5228 tcp/5242 udp/3478',
  ),
  signal: web(
    'Signal',
    '.signal.org .whispersystems.org',
    'https://support.signal.org/hc/en-us/articles/360007320291',
    'tcp/3478 udp/3478',
  ),
  telegram: service(
    'Telegram',
    fact('https://core.telegram.org/resources/cidr.txt', {
      domains: '.telegram.org .t.me .telegram.me .telegra.ph',
      prefixes: `91.105.192.0/23 91.108.4.0/22 91.108.8.0/22 91.108.12.0/22 91.108.16.0/22 91.108.20.0/22 91.108.56.0/22
        149.154.160.0/20 185.76.151.0/24 2001:67c:4e8::/48 2001:b28:f23c::/48 2001:b28:f23d::/48 2001:b28:f23f::/48 2a0a:f280::/32`,
      ports: 'tcp/443 tcp/80 tcp/5222',
    }),
  ),
  'apple-services': service(
    'Apple services',
    fact('https://support.apple.com/101555', {
      domains: `.push.apple.com gdmf.apple.com .itunes.apple.com .apps.apple.com .mzstatic.com .icloud.com .icloud-content.com
        .apple-cloudkit.com .cdn-apple.com swscan.apple.com swdist.apple.com updates.cdn-apple.com identity.apple.com`,
      prefixes: '17.0.0.0/8',
      ports: 'tcp/443 tcp/80 tcp/5223 tcp/2197',
    }),
  ),
}
