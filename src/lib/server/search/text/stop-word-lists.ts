/**
 * Words that say nothing about the subject of a question, in languages for which `@orama/stopwords` has no list, or a damaged one (its
 * Ukrainian list is in a wrong encoding).
 */
export const moreStopWords = {
	polish:
		'a aby albo ale bez bo by być był była było były być co czy dla do gdy gdzie go i ich ile im ja jak jaka jaki jakie je jego jej jest jeśli już ' +
		'kiedy kto która które który lub ma mi może można mnie na nad nie nich niż o od on ona oni oraz po pod przez przy są się ta tak tam te tego tej ' +
		'ten to tu ty w we więc wszystkie z za ze że',
	czech:
		'a aby ale ani asi až bez bude by byl byla být co či do ho i já jak jaká jaké jaký je jeho její jejich jen ještě ji již jsem jsou k kde kdo kdy která ' +
		'které který ke má mají na nad ne nebo není než o od on ona oni po pod pokud pro proč při s se si své ta tak také tam ten tento to tu u už v ve ' +
		'však z za ze že jestli lze každý každé každých',
	slovak:
		'a aby ale alebo ani ako aká aké aký až bez bol bola bolo byť by čo či do ho i ich ja je jeho jej k kde kto kedy ktorá ktoré ktorý ku má majú medzi na ' +
		'nad nie než o od on ona oni po pod pre pri s sa si sú ste ta tak tam ten to tu u už v vo však z za zo že každý každých',
	croatian:
		'a ako ali bez bi bilo biti bio čak da do dok ga gdje i ili im iz ja je jedan jer još kad kada kako kao koja koje koji koliko li me mi može mogu na nad ' +
		'ne nego nije o od on ona oni pa po pod prema pri s sa samo se si su što šta sve svakih svaki svi ta taj te ti to u uz va već vi za',
	catalan:
		'a al als amb aquest aquesta aquests cada com de del dels des doncs el els en entre era és es fins ha hi i ja jo l la les li m més meu molt ' +
		'n ni no nos o on per perquè però pel pels poden pot quan què que quin quina s sa se sense seu seva si sobre són són tan també te tot tots un una unes uns d',
	vietnamese:
		'bạn bị bởi các cái cần cho chỉ chúng có của cùng cũng đã đang đây để đến đều điều do đó được gì hay hoặc khi không là làm lại lên mà mỗi một nào ' +
		'này nên nếu nhiều như những ở phải ra rằng rất sau sẽ tại thế thì theo thể trên trong từ và vào vẫn về với vì nào sao',
	ukrainian:
		'а або але б без би був була були було бути в вам вас весь ви від він вона вони воно все всі для до досі його йому є ж за з зі і із її їй їх й коли котра ' +
		'котрий кожен кожні кожного лише має ми мене мені може на над не нам нас ні ним них о об од один по під при про с свій себе собі та так таки також там те ' +
		'тебе ти тим то той тому тут у усе усі хто це цей цього ці чи чим чого що щоб як яка яке які який якщо',
	bulgarian:
		'а ако без беше би бъде в във вие все всеки всички до ето за защо и или има имат им как каква какво какъв като когато колко която което които който къде ли ' +
		'ми може могат на над не него нея ни но о от по при през с са само се си след със сме съм също така тази те то този това тук ти тя у че ще я',
	persian:
		'از اگر اما آن آنها این با باید بر برای بعد بود به تا تر ترین چرا چطور چگونه چه چند چیست خود دارد در را روی سپس شد شده شود شما کرد کردن کنید کند کنم که ما ' +
		'می نمی من نیز نیست ها های هر هست هم همه و ولی یا یک است اند ای',
	hebrew:
		'אבל או אותו אחד אחרי אי איזה איך אין איפה אל אם אנחנו אני אשר את אתה ב בין גם ה הוא היא הם זה זו זאת ו יש כ כאן כדי כי כל כמה ל לא לפני מ מה מי מתי על עם ' +
		'ש של שלי שלך תחת',
	thai:
		'ก็ กว่า กับ การ ของ ขอ คือ ความ ครับ ค่ะ คุณ จะ จาก จึง ฉัน ซึ่ง ด้วย ดัง ได้ ต้อง ตาม แต่ ถ้า ถูก ถึง ที่ ทุก ทำ ทำไม นั้น นี้ ใน บาง เป็น ผม เพื่อ มี มาก มา เมื่อ ' +
		'เมื่อไร เมื่อไหร่ ไม่ แล้ว และ โดย ยังไง ยัง ว่า ไว้ ไหน ไหม สามารถ ให้ หรือ อย่าง อย่างไร อยู่ อยาก อะไร อีก เท่าไร เท่าไหร่ บ่อย แค่ไหน ไป เรา เขา ควร ไร แค่',
	korean:
		'것 것은 것을 것이 게 그 그것 그리고 그러나 나 나는 내 너 누가 누구 는 등 때 또는 또 및 무슨 무엇 무엇을 무엇이 무엇인가요 뭐 뭔가요 수 안 어느 어디 어디서 어디에 어떤 ' +
		'어떻게 언제 얼마 얼마나 없나요 없는 없습니다 왜 우리 이 이것 인가요 있나요 있는 있습니다 있어 있으며 저 저는 제 좀 줘 주세요 하나요 하나 한 하는 할 합니까 합니다 하려면 ' +
		'해야 해주세요 하고 된 됩니다 되나요 입니까 입니다'
} as const;
