// Beyond the coordinator's own machine a token is asked for. It is exchanged for a cookie and kept nowhere else.
import { useState } from 'preact/hooks';
import { post, tokenWanted, Trouble } from '../api/client';

export function Login() {
  const [trouble, setTrouble] = useState('');
  const submit = async (event: Event & { currentTarget: HTMLFormElement }) => {
    event.preventDefault();
    const token = String(new FormData(event.currentTarget).get('token') ?? '').trim();
    try {
      await post('/api/v1/login', { token });
      tokenWanted.value = false;
      location.reload();
    } catch (error) {
      setTrouble(error instanceof Trouble ? error.message : String(error));
    }
  };
  return (
    <main class="login">
      <h1>CE-NAS</h1>
      <p>This coordinator asks for its token. It lies in the file http-token of the study's directory, unless the settings name another.</p>
      <form onSubmit={submit}>
        <label>
          Token
          <input name="token" type="password" autocomplete="current-password" required />
        </label>
        <button type="submit" class="main">
          Sign in
        </button>
        {trouble && (
          <p class="empty trouble" role="alert">
            {trouble}
          </p>
        )}
      </form>
    </main>
  );
}
