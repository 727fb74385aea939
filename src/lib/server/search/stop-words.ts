/**
 * English words that say nothing about the subject of a question. Words that programming questions can be about (`else`, `while`,
 * `not`, `with`, `import`) are kept: they are common, so they weigh little anyway.
 */
export const stopWords: ReadonlySet<string> = new Set(
	(
		'a about after all also am an and any are arent as at be because been before being both but by can cannot cant ' +
		'could couldnt did didnt do does doesnt doing dont each etc even ever every few for get gets getting got had ' +
		'has hasnt have havent having he hello help her here hi him his how however i id if ill im in into is isnt it ' +
		'its itself ive just know let lets like lot many may maybe me might more most much my need needs no now of ' +
		'off ok on once one only or other our out over own please possible question really same see seem seems she ' +
		'should so some someone something still such sure than thank thanks that thats the their them then there these ' +
		'they thing things this those though through to too try trying under until up us use used uses using very ' +
		'want wants was wasnt way we well were what whats when where which who whose why will wish without wont ' +
		'would wouldnt yes yet you your'
	).split(' ')
);
