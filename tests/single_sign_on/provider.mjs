// A provider of OpenID Connect for the tests, and for trying single sign-on out:
//
//     npm ci --prefix tests/single_sign_on
//     node tests/single_sign_on/provider.mjs PORT CALLBACK ACCOUNT_PAGE
//
// PORT 0 takes a free one; what it listens on is printed. It asks nobody for a password: /interaction/… signs in whoever
// ?account= names, or ada. It ends when its input does.

import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';

import Provider from 'oidc-provider';

// What it notes goes beside the line that says where it listens.
console.info = console.error;

const [port = '3000', callback = 'http://127.0.0.1:8080/v1/auth/single-sign-on/callback', page = 'http://127.0.0.1:8080/account'] =
  process.argv.slice(2);

// Everybody whom it knows. Who else is named gets in with a name only.
const PEOPLE = {
  ada: { name: 'Ada Lund', email: 'ada@example.org', email_verified: true, groups: ['staff', 'newsdesk'] },
  bo: { name: 'Bo Ashe', email: 'bo@example.org', email_verified: true, groups: ['staff'] },
  cy: { name: 'Cy Moss', email: 'cy@example.org', email_verified: false, groups: ['newsdesk'] },
};

const server = createServer().listen(Number(port), '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [{
      client_id: 'dateline',
      client_secret: 'a secret that both sides know',
      redirect_uris: [callback],
      post_logout_redirect_uris: [page],
    }],
    claims: {
      openid: ['sub'],
      email: ['email', 'email_verified'],
      profile: ['name'],
      groups: ['groups'],
    },
    scopes: ['openid', 'email', 'profile', 'groups'],
    pkce: { required: () => true },
    features: { devInteractions: { enabled: false }, rpInitiatedLogout: { enabled: true } },
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    cookies: { keys: [randomUUID()] },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...PEOPLE[id] }) }),
    // Whoever signs in agrees.
    loadExistingGrant: async ({ oidc }) => {
      const grant = new oidc.provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId });
      grant.addOIDCScope('openid email profile groups');
      await grant.save();
      return grant;
    },
  });
  const answer = provider.callback();
  server.on('request', async (request, response) => {
    const url = new URL(request.url, issuer);
    if (!url.pathname.startsWith('/interaction/')) {
      answer(request, response);
      return;
    }
    const accountId = url.searchParams.get('account') ?? 'ada';
    const result = accountId === 'nobody'
      ? { error: 'access_denied', error_description: 'Somebody thought better of it.' }
      : { login: { accountId, amr: url.searchParams.get('amr')?.split(',') } };
    await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
  });
  console.log(`listening on ${issuer}`);
});

process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
