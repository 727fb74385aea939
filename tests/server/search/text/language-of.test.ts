import { describe, expect, it } from 'vitest';
import { languageOf, questionLanguages } from '#lib/server/search/text/language-of.ts';

describe('the language of a text', () => {
	it.each([
		['german', 'Beim Start liest der Dienst die Einstellungen aus der Datei, die neben ihm liegt.'],
		['spanish', 'Al arrancar, el servicio lee los ajustes del archivo que está junto a él.'],
		['french', 'Au démarrage, le service lit les réglages dans le fichier qui est à côté de lui.'],
		['italian', "All'avvio il servizio legge le impostazioni dal file che si trova accanto."],
		['portuguese', 'Ao iniciar, o serviço lê as definições do ficheiro que está ao lado dele.'],
		['dutch', 'Bij het starten leest de dienst de instellingen uit het bestand dat ernaast staat.'],
		['swedish', 'När tjänsten startar läser den inställningarna från filen som ligger bredvid.'],
		['finnish', 'Käynnistyessään palvelu lukee asetukset tiedostosta, joka on sen vieressä.'],
		['turkish', 'Hizmet başlarken ayarları yanındaki dosyadan okur ve bir günlük tutar.'],
		['polish', 'Przy starcie usługa czyta ustawienia z pliku, który leży obok niej.'],
		['czech', 'Při startu služba čte nastavení ze souboru, který leží vedle ní.'],
		['romanian', 'La pornire serviciul citește setările din fișierul care se află lângă el.'],
		['vietnamese', 'Khi khởi động, dịch vụ đọc các thiết lập từ tệp nằm bên cạnh.'],
		['other', 'Gjatë nisjes shërbimi lexon cilësimet nga skedari pranë tij.'],
		['english', 'On start the service reads the settings from the file that is beside it.'],
		['english', '# Options\n\n`--die`, `--als`, `--das`'],
		['english', 'Alice, André, Łukasz, Jürgen and Zoë contributed to this release.'],
		['english', 'Сервис читает настройки из файла config.yaml при старте.'],
		['english', 'walrus'],
		['english', '']
	])('%s: %s', (language, text) => {
		expect(languageOf(text)).toBe(language);
	});

	it('is English when the page says so, whatever it quotes', () => {
		const quoted = 'The word for the door is „die Tür“, and „der Schlüssel“ opens it. ';
		expect(languageOf(quoted.repeat(3))).toBe('english');
	});
});

describe('the languages of a question', () => {
	it.each([
		['Wie wird der Schlüssel geändert?', ['german', 'polish'], ['german']],
		['How is the key changed?', ['german', 'polish'], ['english']],
		['Kopie', ['german', 'polish'], ['english', 'german', 'polish']],
		['Docker怎么用', ['german'], ['english']],
		['Wie wird der Schlüssel geändert?', [], ['english']]
	] as const)('%s, asked of %j: %j', (question, held, languages) => {
		expect(questionLanguages(question, held)).toEqual(languages);
	});
});
