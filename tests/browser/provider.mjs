// A certified OpenID provider on loopback, in memory, as the peer of the sign-in tests. It asks nobody for a password:
// the account that a test names by POST /test/account has signed in as soon as it is asked for.
// node provider.mjs REDIRECT_URI…; prints its issuer when it listens.
import { createServer } from 'node:http';
import { Provider } from 'oidc-provider';

const CLIENT = 'iehe-office';
const SECRET = 'of one test: 100 % + &=?';
const at = { account: 'someone', deny: false };
const server = createServer();
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const issuer = `http://127.0.0.1:${server.address().port}`;

const client = {
  redirect_uris: process.argv.slice(2),
  application_type: 'native', // http on loopback
  grant_types: ['authorization_code'],
  response_types: ['code'],
};
const provider = new Provider(issuer, {
  clients: [
    { ...client, client_id: CLIENT, token_endpoint_auth_method: 'none' },
    ...['basic', 'post'].map((way) => ({
      ...client,
      client_id: `${CLIENT}-${way}`,
      client_secret: SECRET,
      token_endpoint_auth_method: `client_secret_${way}`,
    })),
  ],
  pkce: { required: () => true },
  features: { devInteractions: { enabled: false } },
  interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
  findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  cookies: { keys: ['of one test'] },
  ttl: { Session: 3600, Interaction: 600, Grant: 3600, AuthorizationCode: 60, IdToken: 600, AccessToken: 60 },
});
const answer = provider.callback();

async function interact(request, response) {
  const { grantId, params, prompt, session } = await provider.interactionDetails(request, response);
  if (at.deny) {
    return provider.interactionFinished(request, response, { error: 'access_denied' });
  }
  if (prompt.name === 'login') {
    return provider.interactionFinished(request, response, { login: { accountId: at.account } });
  }
  // a code holds as long as the grant that it was given under: another tab's goes on
  const known = grantId && (await provider.Grant.find(grantId));
  const grant = known || new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  grant.addOIDCScope(params.scope);
  return provider.interactionFinished(
    request,
    response,
    { consent: { grantId: await grant.save() } },
    { mergeWithLastSubmission: true },
  );
}

async function told(request) {
  let body = '';
  for await (const chunk of request) body += chunk;
  Object.assign(at, JSON.parse(body));
}

server.on('request', (request, response) => {
  const failed = (error) => {
    console.error(error);
    response.writeHead(500).end();
  };
  if (request.url.startsWith('/interaction/')) {
    interact(request, response).catch(failed);
  } else if (request.url === '/test/account' && request.method === 'POST') {
    told(request).then(() => response.writeHead(204).end(), failed);
  } else {
    answer(request, response);
  }
});
console.log(issuer);
