"""Words from which sample files are made: common names, and schools and places that do not exist."""

from typing import Final


def _entries(text: str) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(entry.split(":")) for entry in text.split())


FAMILY_NAMES: Final = _entries(
    "佐藤:サトウ 鈴木:スズキ 高橋:タカハシ 田中:タナカ 伊藤:イトウ 渡辺:ワタナベ 山本:ヤマモト "
    "中村:ナカムラ 小林:コバヤシ 加藤:カトウ 吉田:ヨシダ 山田:ヤマダ 佐々木:ササキ 山口:ヤマグチ "
    "松本:マツモト 井上:イノウエ 木村:キムラ 林:ハヤシ 斎藤:サイトウ 清水:シミズ 山崎:ヤマザキ 森:モリ "
    "池田:イケダ 橋本:ハシモト 阿部:アベ 石川:イシカワ 山下:ヤマシタ 中島:ナカジマ 石井:イシイ "
    "小川:オガワ 前田:マエダ 岡田:オカダ 長谷川:ハセガワ 藤田:フジタ 後藤:ゴトウ 近藤:コンドウ "
    "村上:ムラカミ 遠藤:エンドウ 青木:アオキ 坂本:サカモト 福田:フクダ 太田:オオタ 西村:ニシムラ "
    "藤井:フジイ 金子:カネコ 岡本:オカモト 藤原:フジワラ 三浦:ミウラ 中野:ナカノ 中川:ナカガワ "
    "原田:ハラダ 松田:マツダ 竹内:タケウチ 小野:オノ 田村:タムラ 中山:ナカヤマ 和田:ワダ 石田:イシダ "
    "森田:モリタ 上田:ウエダ 髙田:タカダ 内田:ウチダ 柴田:シバタ 﨑山:サキヤマ"
)
"""Family names and their readings; two are written with characters that plain Shift_JIS lacks."""

GIVEN_NAMES: Final = _entries(
    "陽菜:ハルナ:女 葵:アオイ:女 結衣:ユイ:女 美咲:ミサキ:女 さくら:サクラ:女 七海:ナナミ:女 彩:アヤ:女 "
    "真央:マオ:女 莉子:リコ:女 楓:カエデ:女 千尋:チヒロ:女 遥:ハルカ:女 優奈:ユウナ:女 明日香:アスカ:女 "
    "愛:アイ:女 琴音:コトネ:女 美月:ミヅキ:女 ひかり:ヒカリ:女 萌:モエ:女 麻衣:マイ:女 恵:メグミ:女 "
    "奈々:ナナ:女 花音:カノン:女 凛:リン:女 智美:トモミ:女 由佳:ユカ:女 瑞希:ミズキ:女 詩織:シオリ:女 "
    "蓮:レン:男 大翔:ヒロト:男 翔太:ショウタ:男 拓海:タクミ:男 健太:ケンタ:男 悠斗:ユウト:男 陸:リク:男 "
    "颯太:ソウタ:男 大輝:ダイキ:男 直樹:ナオキ:男 亮:リョウ:男 涼介:リョウスケ:男 隼人:ハヤト:男 "
    "航:ワタル:男 和也:カズヤ:男 圭吾:ケイゴ:男 誠:マコト:男 智也:トモヤ:男 優:ユウ:男 樹:イツキ:男 "
    "駿:シュン:男 慎一:シンイチ:男 祐介:ユウスケ:男 光:ヒカル:男 達也:タツヤ:男 一輝:カズキ:男 "
    "康平:コウヘイ:男 ジョン:ジョン:男"
)
"""Given names, their readings, and the sex that the sample states with them."""

PROGRAMMES: Final = (
    "literature",
    "education",
    "law",
    "economics",
    "science",
    "medicine",
    "engineering",
    "agriculture",
)

SCHOOLS: Final = tuple(
    f"{founder}{name}高等学校"
    for founder in ("見本県立見本", "例示県立例示", "見本市立", "仮名学園", "例示大学附属")
    for name in ("第一", "第二", "中央", "東", "西", "南", "北", "総合")
)
"""Schools of prefectures and founders that do not exist."""

PLACES: Final = (
    "見本県見本市中央町",
    "見本県見本市港区見本浜",
    "見本県例示郡仮名町",
    "例示県例示市本町",
    "例示県仮名市緑が丘",
    "架空県架空市大字見本字一本松",
)

STATEMENTS: Final = (
    "貴学の少人数教育に惹かれ、志望しました。\n卒業後は地域に貢献したいと考えています。",
    "高校での探究活動をきっかけに、この分野を深く学びたいと思いました!",
    "将来は研究者を目指しています。",
    "I would like to study in Japan and to work between our countries.",
)
