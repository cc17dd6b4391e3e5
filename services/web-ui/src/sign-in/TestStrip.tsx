/** One picture at five exposure times, the way a print is timed. */
import { useText } from "~/i18n";
import { vars } from "~/parts/css";

const EXPOSURES = [
  { seconds: 2, developed: 6 },
  { seconds: 4, developed: 28 },
  { seconds: 8, developed: 55 },
  { seconds: 16, developed: 80 },
  { seconds: 32, developed: 100 },
];

export function TestStrip() {
  const t = useText();
  return (
    <figure className="teststrip" role="img" aria-label={t.signIn.strip}>
      {EXPOSURES.map(({ seconds, developed }, index) => (
        <i key={seconds} style={vars({ "--k": index, "--p": developed })}>
          <b>{t.signIn.seconds(seconds)}</b>
        </i>
      ))}
    </figure>
  );
}
